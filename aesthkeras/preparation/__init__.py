"""What a person downloaded becomes something that training can trust: examined once, written as shards."""
