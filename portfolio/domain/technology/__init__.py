"""What is known of the technology: findings, snapshots, releases, names and caches. All of it is masked at the door."""
