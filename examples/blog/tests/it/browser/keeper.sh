# Runs chromedriver until standard input ends: on drop, at the end of the process, and after `kill -9`.
# $1 is the directory of the browser's profile, removed at the end.
exec 3<&0
chromedriver --port=0 </dev/null 3<&- &
read -r _ <&3
# The browser speaks to its driver through a pipe, and ends with it.
kill -9 $!
wait
while pgrep -f "user-data-dir=$1" >/dev/null; do sleep 0.05; done
rm -rf "$1"
