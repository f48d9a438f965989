"""The app's functions behind one port: Microsoft's worker library, run inside this process.

Reading order: ``library`` (the only module that touches the library), ``functions`` (what an app
offers), ``history`` and ``answers`` (the SDK's wire protocol, in and out), ``host_worker``
(``AppWorker``, which the rest of the host uses). What to run and when is dispatch's business.
"""
