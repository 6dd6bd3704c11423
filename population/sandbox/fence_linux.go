package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func kill(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}

const (
	readFile  = unix.LANDLOCK_ACCESS_FS_READ_FILE
	readDir   = unix.LANDLOCK_ACCESS_FS_READ_DIR
	execute   = unix.LANDLOCK_ACCESS_FS_EXECUTE
	baseFiles = 1<<13 - 1 // every right of the first version
)

// fence applies Landlock to the calling thread and to what it starts. It
// returns false without error where the kernel has no Landlock.
func fence(program string, policy Policy) (bool, error) {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || abi < 1 {
		return false, nil
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: baseFiles}
	if abi >= 2 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if abi >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return false, nil
	}
	defer unix.Close(int(fd))
	if resolved, err := exec.LookPath(program); err == nil {
		program = resolved
	}
	// What any program needs to be loaded: itself and the shared libraries.
	for _, path := range []string{program, "/lib", "/lib64", "/usr/lib", "/usr/lib64"} {
		if err := allow(int(fd), path, readFile|readDir|execute); err != nil && !os.IsNotExist(err) {
			return false, err
		}
	}
	// The engine reads its own memory and processor limits below /proc/self, which
	// has no path before the child exists. The rest of /proc that comes with it
	// tells little: whatever needs the right to trace another process (its
	// environment, memory, open files) Landlock itself denies.
	for _, path := range []string{"/etc/ld.so.cache", "/usr/share/zoneinfo", "/etc/localtime", "/proc", "/sys/kernel/mm", "/sys/fs/cgroup", "/dev/null", "/dev/urandom", "/sys/devices/system/cpu"} {
		if err := allow(int(fd), path, readFile|readDir); err != nil && !os.IsNotExist(err) {
			return false, err
		}
	}
	for _, path := range policy.Read {
		if err := allow(int(fd), path, readFile); err != nil {
			return false, err
		}
	}
	for _, path := range policy.Write {
		if err := allow(int(fd), path, attr.Handled_access_fs&^execute); err != nil {
			return false, err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return false, nil
	}
	_, _, errno = unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0)
	return errno == 0, nil
}

func allow(ruleset int, path string, access uint64) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		// Rights over directories do not apply to a file and would be refused.
		access &= readFile | execute | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return &os.PathError{Op: "landlock", Path: path, Err: errno}
	}
	return nil
}
