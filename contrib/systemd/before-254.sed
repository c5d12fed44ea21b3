# Adapts the service to systemd before 254 (`make install`): one fixed pause before each
# restart, and no key that such a systemd would warn about.
/^# After 2 s, and after longer pauses/,/^# in the backlog is still answered in time\.$/d
s/^RestartSec=2s$/# The longest pause after which a delivery that waits in the backlog is answered in time.\nRestartSec=10s/
/^RestartSteps=/d
/^RestartMaxDelaySec=/d
