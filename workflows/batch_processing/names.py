"""Registered and stored names: the wire contract between orchestrators, activities and histories.

A released name never changes its meaning. What the functions do is in their modules.
"""

from typing import Final

ORCHESTRATOR: Final = "batch_processing_job"
SHARD: Final = "batch_processing_shard"

OPEN_SOURCE: Final = "batch_processing_open_source"
PLAN_SEGMENT: Final = "batch_processing_plan_segment"
PROCESS_UNIT: Final = "batch_processing_process_unit"
BURY_ROW: Final = "batch_processing_bury_row"
RECONCILE: Final = "batch_processing_reconcile"
CHECK_LOAD: Final = "batch_processing_check_load"
PUBLISH: Final = "batch_processing_publish"

INCREMENT: Final = "batch_processing_export_increment"
NEXT_WINDOW: Final = "batch_processing_next_window"
MOVE_WATERMARK: Final = "batch_processing_move_watermark"
START_EXPORT: Final = "batch_processing_start_export"

# Entities: one per job, and one per downstream that has a rate limit.
CONTROL: Final = "batch_processing_control"
RATE: Final = "batch_processing_rate"

# What entities are asked.
OPEN_OPERATION: Final = "open"
LOOK_OPERATION: Final = "look"
REPORT_OPERATION: Final = "report"
PAUSE_OPERATION: Final = "pause"
RESUME_OPERATION: Final = "resume"
CANCEL_OPERATION: Final = "cancel"
CLOSE_OPERATION: Final = "close"
TAKE_OPERATION: Final = "take"

SUBMIT_JOB: Final = "batch_processing_submit_job"
SHOW_JOB: Final = "batch_processing_show_job"
PAUSE_JOB: Final = "batch_processing_pause_job"
RESUME_JOB: Final = "batch_processing_resume_job"
CANCEL_JOB: Final = "batch_processing_cancel_job"
LIST_JOBS_PAGE: Final = "batch_processing_list_jobs_page"
SHOW_JOB_PAGE: Final = "batch_processing_show_job_page"
CONTROL_JOB_PAGE: Final = "batch_processing_control_job_page"
REDRIVE_JOB: Final = "batch_processing_redrive_job"
PUT_SOURCE: Final = "batch_processing_put_source"
GET_MANIFEST: Final = "batch_processing_get_manifest"
GET_DEAD_LETTERS: Final = "batch_processing_get_dead_letters"
GET_REPORT: Final = "batch_processing_get_report"

REQUESTS_TABLE: Final = "batchrequests"
CHUNKS_TABLE: Final = "batchchunks"
WATERMARKS_TABLE: Final = "batchwatermarks"
RESULTS_CONTAINER: Final = "batches"
