"""From features to aesthetic labels: how probes pool, train and are measured."""
