//! Where a log lies.

use std::path::{Component, Path, PathBuf};

use jiff::Zoned;

use super::LogError;

/// The folder of a trajectory's log: the one that was asked for, or one beside the file; none for a trajectory in memory.
pub(super) fn folder(
    wanted: Option<&Path>,
    file: Option<&Path>,
    trajectory: &str,
) -> Result<Option<PathBuf>, LogError> {
    let Some(wanted) = wanted else { return Ok(file.map(|file| file.with_extension("logs"))) };
    let text = wanted.to_string_lossy();
    let mut parts = text.split('$');
    let mut folder = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len());
        // `$traj_$proc` means `$traj` and an underline.
        let known = ["traj", "env", "file", "host", "proc"].into_iter().find(|word| {
            let rest = part[..end].strip_prefix(word);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        });
        let value = match known {
            Some("traj") => trajectory.to_owned(),
            Some("env") => Zoned::now().strftime("environment_%Y_%m_%d_%Hh%Mm%Ss").to_string(),
            Some("file") => file.and_then(Path::file_stem).unwrap_or("memory".as_ref()).to_string_lossy().into_owned(),
            Some("host") => sysinfo::System::host_name().unwrap_or_else(|_| "unknown".into()).replace(['/', '\\'], "_"),
            Some("proc") => std::process::id().to_string(),
            _ => return Err(unknown(&text, &part[..end])),
        };
        folder.push_str(&value);
        folder.push_str(&part[known.map_or(0, str::len)..]);
    }
    Ok(Some(folder.into()))
}

fn unknown(folder: &str, wildcard: &str) -> LogError {
    let hint = match wildcard {
        "run" | "set" => ", but all runs are in one log, with the run in each line",
        _ => "",
    };
    LogError::Wildcard { folder: folder.into(), wildcard: wildcard.into(), hint }
}

/// A path as a file in `folder` keeps it: relative, where the two have more in common than the root.
pub(super) fn as_seen_from(folder: &Path, path: &Path) -> PathBuf {
    let absolute = |path: &Path| {
        // The folder of a file here is empty.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        std::path::absolute(path).unwrap_or_else(|_| path.into())
    };
    let (folder, path) = (absolute(folder), absolute(path));
    let common = folder.components().zip(path.components()).take_while(|(a, b)| a == b).map(|(component, _)| component);
    let common: Vec<Component<'_>> = common.collect();
    if !common.iter().any(|component| matches!(component, Component::Normal(_))) {
        return path;
    }
    let up = folder.components().skip(common.len()).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(wanted: &str) -> Result<String, String> {
        let folder = folder(Some(Path::new(wanted)), Some(Path::new("hdf5/study.h5")), "multiply");
        folder.map(|folder| folder.unwrap().display().to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn wildcards_are_replaced_and_unknown_ones_named() {
        assert_eq!(of("logs/$traj/$file"), Ok("logs/multiply/study".into()));
        assert_eq!(of("$traj_$file.d"), Ok("multiply_study.d".into()));
        assert_eq!(of("a$proc").unwrap(), format!("a{}", std::process::id()));
        assert!(of("$env").unwrap().starts_with("environment_2"));
        assert!(!of("x/$host").unwrap().contains('$'));
        assert!(of("logs/$run").unwrap_err().contains("all runs are in one log"));
        assert!(of("logs/$trajectory").unwrap_err().contains("`$trajectory`; there are `$traj`"));
        assert!(of("logs/$").is_err());
    }

    #[test]
    fn the_log_is_beside_the_file_by_default() {
        assert_eq!(folder(None, Some(Path::new("hdf5/a.h5")), "x").unwrap(), Some("hdf5/a.logs".into()));
        assert_eq!(folder(None, None, "x").unwrap(), None);
    }

    #[test]
    fn a_file_keeps_the_way_to_its_log() {
        let seen = |folder: &str, path: &str| as_seen_from(Path::new(folder), Path::new(path));
        assert_eq!(seen("/data/hdf5", "/data/hdf5/a.logs/x.log"), Path::new("a.logs/x.log"));
        assert_eq!(seen("/data/hdf5", "/data/logs/x.log"), Path::new("../logs/x.log"));
        assert_eq!(seen("/data/hdf5", "/scratch/x.log"), Path::new("/scratch/x.log"));
        assert_eq!(seen("", "a.logs/x.log"), Path::new("a.logs/x.log"));
    }
}
