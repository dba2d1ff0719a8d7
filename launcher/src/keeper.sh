# Keeps one server, of PostgreSQL or PgBouncer, and is the only process that stops it.
#
# Arguments: the directory to remove at the end, the directory of the data, the program that makes a cluster there
# (empty when there is one), how that program is to treat the disk, and the server's command line. The log is
# standard error.
#
# The owner holds the other end of standard input and writes nothing. When it closes that end, or dies in whatever
# way, the read below ends and the server is asked for a fast shutdown. That needs no help from the operating system
# beyond pipes, and leaves neither a process nor a temporary directory behind.
#
# The server's process id goes to standard output. This shell lives as long as the server.

remove=$1 data=$2 initdb=$3 sync=$4
shift 4
exec 3<&0 </dev/null

if [ -n "$initdb" ]; then
    "$initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C $sync >&2 3<&- || {
        rm -rf -- "$remove"
        exit 1
    }
fi

"$@" >&2 3<&- &
server=$!
echo "$server"
exec >/dev/null

{
    read -r _ <&3
    kill -INT "$server"
} 2>/dev/null &
owner=$!

wait "$server"
status=$?
kill "$owner" 2>/dev/null
rm -rf -- "$remove"
exit "$status"
