-- Lists by time, and lists of what has not ended, read an index instead of every instance there is.
-- Both hold all that a list selects by, so that only the rows of its page are fetched.

CREATE INDEX instances_by_time ON instances (created_at, instance_id, status);

CREATE INDEX instances_unfinished ON instances (status, created_at, instance_id)
WHERE status IN ('Pending', 'Running', 'Suspended', 'ContinuedAsNew');
