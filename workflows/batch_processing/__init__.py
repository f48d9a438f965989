"""A file of any size, row by row: a verified result, and a list of what was wrong.

A plan cuts the source into chunks of whole rows without holding it; shards work through the chunks
with a sliding window; each chunk is loaded and written once, under a key that survives crashes; the
end is compared with the plan, row for row and sum for sum. A bad row costs one dead letter.

Reading order: orchestrator, shard, window, transitions; then partition, rows, pipelines; then
activities, gateways, models, http.
"""
