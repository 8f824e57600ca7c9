"""What a program needs around its work.

`cli` runs a command and turns its errors into one line and an exit code; `deferred_module` keeps what is rarely used
out of memory. `logs` prints plain lines or JSON and limits repetitions; `progress` shows a long command's progress.

`waiting` waits for what the program needs to start, `watchdog` reports health to systemd and by a heartbeat file, and
`shutdown` ends the program within 4.5 s of a signal, or when a thread crashes. `file_lock` keeps a second process
out.
"""
