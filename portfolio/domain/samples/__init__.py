"""What the sample portfolio holds beside the files of `demo/`, one module for each part of the books."""
