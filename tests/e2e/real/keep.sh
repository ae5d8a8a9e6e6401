# Runs a server until standard input closes. That is when the test process is gone, whatever ended it: Rust drops no
# statics, and a panic or a kill drops nothing at all.
#
# usage: sh keep.sh FOLDER SIGNAL COMMAND...     the folder is removed at the end
folder=$1 signal=$2
shift 2
# A session of its own, so that one signal reaches all that the server has started.
setsid "$@" >"$folder/server.log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -s "$signal" -- "-$server"
# What still prepares itself may not listen yet.
(sleep 2 && kill -s KILL -- "-$server") 2>/dev/null &
last=$!
wait "$server"
kill "$last"
rm -rf "$folder"
