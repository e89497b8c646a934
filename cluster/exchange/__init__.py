"""How changes of counts travel: encoded deltas, versions, mailboxes, replicas."""
