"""What tells photos apart before any judgement: the same scene, its time, stars, and what is no photo."""
