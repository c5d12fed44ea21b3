# What `make install` makes of the service for systemd before 254: one pause before each
# restart, and no keys that would be warned of.
/^# After 2 s, and after longer pauses/,/^# in the backlog is still answered in time\.$/d
s/^RestartSec=2s$/# The longest pause after which a delivery that waits in the backlog is answered in time.\nRestartSec=10s/
/^RestartSteps=/d
/^RestartMaxDelaySec=/d
