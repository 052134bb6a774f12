//! Running other programs as an unprivileged account in a folder of ours.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) fn wrong(message: impl Into<String>) -> io::Error {
    io::Error::other(message.into())
}

/// User and group to run as: `postgres`, else `nobody`, when we are root (the
/// server refuses root); ourselves otherwise.
pub(crate) fn unprivileged() -> io::Result<Option<(u32, u32)>> {
    if fs::metadata("/proc/self").map_or(1, |me| me.uid()) != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    for wanted in ["postgres", "nobody"] {
        let found = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields.len() > 3 && fields[0] == wanted);
        if let Some(fields) = found
            && let (Ok(user), Ok(group)) = (fields[2].parse(), fields[3].parse())
        {
            return Ok(Some((user, group)));
        }
    }
    Err(wrong(
        "running as root and there is no account postgres or nobody to run the database as: set DATABASE_URL, or start as another user",
    ))
}

/// A command with a small environment, quiet, as `run_as`.
pub(crate) fn command(program: &Path, run_as: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = run_as {
        command.uid(user).gid(group);
    }
    command.current_dir("/").env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Runs it to its end; what it complained of is in the error.
pub(crate) fn run(mut command: Command) -> io::Result<()> {
    // Into a file, not a pipe: a daemon that the program leaves behind would
    // keep a pipe open.
    let log = tempfile_in(std::env::temp_dir())?;
    let status = command.stderr(log.1.try_clone()?).status()?;
    let said = fs::read_to_string(&log.0).unwrap_or_default();
    let _ = fs::remove_file(&log.0);
    if status.success() {
        Ok(())
    } else {
        Err(wrong(format!("{} failed ({status}): {}", command.get_program().to_string_lossy(), said.trim())))
    }
}

fn tempfile_in(folder: PathBuf) -> io::Result<(PathBuf, fs::File)> {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = folder.join(format!("roost-{}-{count}.log", std::process::id()));
    let file = fs::OpenOptions::new().create_new(true).write(true).open(&path)?;
    Ok((path, file))
}

/// Makes a folder that only `run_as` can enter.
pub(crate) fn private_folder(path: &Path, run_as: Option<(u32, u32)>) -> io::Result<()> {
    fs::create_dir_all(path)?;
    if let Some((user, group)) = run_as {
        chown(path, Some(user), Some(group))?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

/// Checks that `run_as` can reach `path`: every folder above it must let others
/// through.
pub(crate) fn check_reachable(path: &Path, run_as: Option<(u32, u32)>) -> io::Result<()> {
    let Some((user, _)) = run_as else {
        return Ok(());
    };
    for folder in path.ancestors().skip(1) {
        let meta = fs::metadata(folder)?;
        if meta.uid() != user && meta.mode() & 0o001 == 0 {
            return Err(wrong(format!(
                "the database cannot run as root, and the account it runs as cannot enter {}: set ROOST_DATA_DIR to a folder it can reach, e.g. /var/lib/roost",
                folder.display()
            )));
        }
    }
    Ok(())
}

/// A folder for Unix sockets: `wanted`, or a short one in the temporary folder
/// when the name would not fit a socket address (108 bytes).
pub(crate) fn socket_folder(wanted: PathBuf, root: &Path) -> io::Result<PathBuf> {
    if wanted.as_os_str().len() <= 80 {
        return Ok(wanted);
    }
    Ok(std::env::temp_dir().join(format!("roost-{:x}", fs::metadata(root)?.ino())))
}

/// Held while something is set up, so that two processes do not both do it.
pub(crate) fn lock(root: &Path) -> io::Result<fs::File> {
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(root.join("setup.lock"))?;
    file.lock()?;
    Ok(file)
}
