/**
 * Runs in the namespace of the view's mounts, as the first process of a namespace of processes. For each workspace its path, the folder of its layer,
 * and what the real folder, the upper and the work folder are (`device:inode`).
 *
 * The server must have the workspace before it is covered by what it serves. So it is confined first, says that it has the right folders, and waits;
 * then the mount is made here, with options of our choosing, and it is told to serve.
 * SECURITY: without `allow_other` the kernel lets only processes of the operator's own user and group in, and those need no other permission.
 * When the gateway ends, `read` does, and with this process everything in its namespace.
 */
export const holderScript = `
bwrap=$1 fuse=$2 server=$3; shift 3
identify() { stat -L -c %d:%i "$1"; }
while [ $# -gt 0 ]; do
  workspace=$1 layer=$2 ids=("$3" "$4" "$5"); shift 5
  exec {device}<>/dev/fuse || exit 3
  exec {target}<"$workspace" {ready}<> <(:) {go}<> <(:) || exit 3
  # SECURITY: compared with what is held; from there on the descriptor is named.
  [ "$(identify /proc/self/fd/$target)" = "\${ids[0]}" ] || exit 4
  "$bwrap" --die-with-parent --unshare-pid --unshare-net --unshare-ipc --unshare-uts --new-session --cap-drop ALL \\
    --cap-add CAP_CHOWN --cap-add CAP_DAC_OVERRIDE --cap-add CAP_DAC_READ_SEARCH --cap-add CAP_FOWNER --cap-add CAP_FSETID \\
    --ro-bind /usr /usr --ro-bind-try /bin /bin --ro-bind-try /lib /lib --ro-bind-try /lib64 /lib64 --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache \\
    --proc /proc --ro-bind "$workspace" /lower --bind "$layer" /layer --chdir / --clearenv --setenv PATH /usr/bin:/bin --setenv LC_ALL C -- \\
    /bin/sh -c "$server" server "$fuse" "\${ids[@]}" </dev/null >&$ready 4<&$go 5<&$device \\
    {target}<&- {ready}<&- {go}<&- {device}<&- &
  read -r -t 15 answer <&$ready
  [ "$answer" = ready ] || exit 4
  mount -i -c -t fuse -o fd=$device,rootmode=40000,user_id=0,group_id=0,default_permissions,nosuid,nodev fuse-overlayfs /proc/self/fd/$target || exit 5
  echo >&$go
  exec {device}<&- {target}<&- {ready}<&- {go}<&-
  [ -w "$workspace" ] || exit 6
done
echo; read -r _`;

/**
 * Runs confined: it sees system programs, the real folder read-only as /lower, and the layer as /layer. The names that it gives to fuse-overlayfs hold
 * neither a comma nor a colon, and the mount is made by somebody else (/dev/fd). SECURITY: what was bound by name is compared with what is held.
 * `writeback=0`: what a command wrote is in the layer when its write returns, so that a scan beside a job sees it.
 */
export const serverScript = `
[ "$(stat -c %d:%i /lower /layer/upper /layer/work | tr '\\n' ' ')" = "$2 $3 $4 " ] || exit 4
echo ready
read -r _ <&4 || exit 7
exec "$1" -f -o lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work,writeback=0,timeout=1 /dev/fd/5 >&2 4<&-`;
