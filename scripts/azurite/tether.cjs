// Loaded before Azurite. Whoever started it holds the other end of its standard input, so the end of that stream
// means that the holder is gone, however it went: close as for SIGTERM, which also flushes the data to disk.
"use strict";

process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume();
