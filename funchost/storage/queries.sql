-- Every statement the SQLite store runs, by name. Times are microseconds since 1970, UTC.

-- name: open_epoch
-- Whoever opens the file fences off everybody who opened it before.
UPDATE hub SET epoch = epoch + 1
RETURNING epoch;

-- name: seal_transaction
-- The last statement of a transaction: no row means that the file belongs to somebody else by now.
UPDATE hub SET last_sequence = max(last_sequence, :last_sequence)
WHERE epoch = :epoch;

-- name: last_sequence
SELECT last_sequence FROM hub;

-- name: get_instance
SELECT
    instance_id, execution_id, name, version, status, created_at, updated_at, episode,
    parent, custom_status, output, input
FROM instances
WHERE instance_id = :instance_id;

-- name: get_status
SELECT status FROM instances
WHERE instance_id = :instance_id;

-- name: query_instances
-- An id that starts with the prefix lies between the prefix and its successor.
SELECT
    instance_id, execution_id, name, version, status, created_at, updated_at, episode,
    parent, custom_status, output, input
FROM instances
WHERE
    instance_id > :after_id
    AND instance_id >= :id_prefix
    AND instance_id < :prefix_successor
    AND created_at BETWEEN :created_from AND :created_to
    AND (substr(instance_id, 1, 1) = '@') = :entities
    AND (:statuses = '[]' OR status IN (SELECT value FROM json_each(:statuses)))
ORDER BY instance_id
LIMIT :limit;

-- name: query_instances_by_time
-- The same for a stretch of time. Left to itself, SQLite would go through all ids instead.
SELECT
    instance_id, execution_id, name, version, status, created_at, updated_at, episode,
    parent, custom_status, output, input
FROM instances
WHERE instance_id IN (
    SELECT instance_id FROM instances INDEXED BY instances_by_time
    WHERE
        instance_id > :after_id
        AND instance_id >= :id_prefix
        AND instance_id < :prefix_successor
        AND created_at BETWEEN :created_from AND :created_to
        AND (substr(instance_id, 1, 1) = '@') = :entities
        AND (:statuses = '[]' OR status IN (SELECT value FROM json_each(:statuses)))
    ORDER BY instance_id
    LIMIT :limit
)
ORDER BY instance_id;

-- name: query_unfinished_instances
-- The same for statuses of which none is an end.
SELECT
    instance_id, execution_id, name, version, status, created_at, updated_at, episode,
    parent, custom_status, output, input
FROM instances
WHERE instance_id IN (
    SELECT instance_id FROM instances INDEXED BY instances_unfinished
    WHERE
        status IN ('Pending', 'Running', 'Suspended', 'ContinuedAsNew')
        AND status IN (SELECT value FROM json_each(:statuses))
        AND instance_id > :after_id
        AND instance_id >= :id_prefix
        AND instance_id < :prefix_successor
        AND created_at BETWEEN :created_from AND :created_to
        AND (substr(instance_id, 1, 1) = '@') = :entities
    ORDER BY instance_id
    LIMIT :limit
)
ORDER BY instance_id;

-- name: read_history
SELECT event FROM history
WHERE instance_id = :instance_id
ORDER BY sequence;

-- name: read_inbox
SELECT sequence, execution_id, event FROM messages
WHERE instance_id = :instance_id
ORDER BY sequence;

-- name: read_waiting_instances
SELECT instance_id FROM messages
GROUP BY instance_id
ORDER BY min(sequence), instance_id;

-- name: read_activities
SELECT instance_id, execution_id, task_id, name, input FROM activities
ORDER BY instance_id, task_id;

-- name: read_timers
-- Read once at a start: sorting then is cheaper than an index kept in every episode.
SELECT instance_id, execution_id, timer_id, fire_at FROM timers
ORDER BY fire_at, instance_id, timer_id;

-- name: create_instance
INSERT INTO instances (
    instance_id, execution_id, name, version, status, created_at, updated_at, episode,
    history_length, parent, custom_status, output, input
)
VALUES (
    :instance_id, :execution_id, :name, :version, :status, :created_at, :updated_at, :episode,
    0, :parent, :custom_status, :output, :input
)
ON CONFLICT (instance_id) DO NOTHING;

-- name: forget_instance
-- History, messages and due work go with it.
DELETE FROM instances
WHERE instance_id = :instance_id;

-- name: purge_instance
DELETE FROM instances
WHERE instance_id = :instance_id AND is_ended;

-- name: advance_instance
-- The fence of an episode: no row means that another episode or generation came first.
UPDATE instances SET
    execution_id = :execution_id,
    name = :name,
    version = :version,
    status = :status,
    created_at = :created_at,
    updated_at = :updated_at,
    episode = :episode,
    history_length = iif(execution_id = :execution_id, history_length + :appended, 0),
    parent = :parent,
    custom_status = :custom_status,
    output = :output,
    input = :input
WHERE
    instance_id = :instance_id
    AND execution_id = :fence_execution_id
    AND episode = :episode - 1
RETURNING history_length;

-- name: set_history_length
UPDATE instances SET history_length = :length
WHERE instance_id = :instance_id;

-- name: append_history
INSERT INTO history (instance_id, sequence, event)
VALUES (:instance_id, :sequence, :event);

-- name: forget_history
DELETE FROM history
WHERE instance_id = :instance_id;

-- name: add_message
-- No row is inserted for an instance that is gone or has ended.
INSERT INTO messages (instance_id, sequence, execution_id, event)
SELECT instance_id, :sequence, :execution_id, :event FROM instances
WHERE instance_id = :instance_id AND NOT is_ended;

-- name: consume_message
DELETE FROM messages
WHERE instance_id = :instance_id AND sequence = :sequence;

-- name: forget_messages
DELETE FROM messages
WHERE instance_id = :instance_id;

-- name: add_activity
INSERT INTO activities (instance_id, task_id, execution_id, name, input)
VALUES (:instance_id, :task_id, :execution_id, :name, :input);

-- name: complete_activity
-- The fence of an answer: no row means that it was answered before, or given up.
DELETE FROM activities
WHERE instance_id = :instance_id AND task_id = :task_id AND execution_id = :execution_id;

-- name: forget_activities
DELETE FROM activities
WHERE instance_id = :instance_id;

-- name: add_timer
INSERT INTO timers (instance_id, timer_id, execution_id, fire_at)
VALUES (:instance_id, :timer_id, :execution_id, :fire_at);

-- name: end_timer
DELETE FROM timers
WHERE instance_id = :instance_id AND timer_id = :timer_id;

-- name: forget_timers
DELETE FROM timers
WHERE instance_id = :instance_id;
