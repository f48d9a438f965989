-- Version 1 of a state file. Each file in migrations/ leads from there to the next version.
--
-- Instants are whole microseconds since 1970, UTC. Events and parents are JSON text
-- (events_json.py). Whatever belongs to an instance goes with its row.

-- What concerns the file as a whole. The epoch counts openings: it is the fence against a process
-- that has lost the file without noticing.
CREATE TABLE hub (
    id INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    CONSTRAINT there_is_one_hub CHECK (id = 1)
) STRICT;

INSERT INTO hub (id, epoch, last_sequence) VALUES (1, 0, 0);

-- Payload columns are ANY because text that UTF-8 cannot carry (a lone surrogate) is kept as bytes.
CREATE TABLE instances (
    instance_id TEXT NOT NULL PRIMARY KEY,
    execution_id TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT,
    status TEXT NOT NULL,
    is_ended INTEGER NOT NULL
    GENERATED ALWAYS AS (status IN ('Completed', 'Failed', 'Terminated', 'Canceled')) VIRTUAL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    episode INTEGER NOT NULL,
    history_length INTEGER NOT NULL,
    parent TEXT,
    custom_status ANY,
    output ANY,
    input ANY,
    CONSTRAINT an_instance_has_an_id CHECK (instance_id != ''),
    CONSTRAINT status_is_a_runtime_status CHECK (
        status IN (
            'Pending', 'Running', 'Suspended', 'ContinuedAsNew',
            'Completed', 'Failed', 'Terminated', 'Canceled'
        )
    ),
    CONSTRAINT only_an_ended_instance_has_output CHECK (output IS NULL OR is_ended),
    CONSTRAINT episodes_count_up_from_zero CHECK (episode >= 0),
    CONSTRAINT history_grows_from_nothing CHECK (history_length >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
    instance_id TEXT NOT NULL REFERENCES instances ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (instance_id, sequence),
    CONSTRAINT events_are_numbered_from_zero CHECK (sequence >= 0)
) STRICT, WITHOUT ROWID;

-- The key leads with the instance, so that it serves the inbox without an index beside it.
CREATE TABLE messages (
    instance_id TEXT NOT NULL REFERENCES instances ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    execution_id TEXT,
    event TEXT NOT NULL,
    PRIMARY KEY (instance_id, sequence),
    CONSTRAINT messages_are_numbered_from_zero CHECK (sequence >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE activities (
    instance_id TEXT NOT NULL REFERENCES instances ON DELETE CASCADE,
    task_id INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    name TEXT NOT NULL,
    input ANY NOT NULL,
    PRIMARY KEY (instance_id, task_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE timers (
    instance_id TEXT NOT NULL REFERENCES instances ON DELETE CASCADE,
    timer_id INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    fire_at INTEGER NOT NULL,
    PRIMARY KEY (instance_id, timer_id)
) STRICT, WITHOUT ROWID;
