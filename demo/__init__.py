"""The sample portfolio: handoff notes as people wrote them, and statements and exports that agree with them.

`python -m demo.generate` writes the statements and exports; `README.md` says which file holds what.
"""
