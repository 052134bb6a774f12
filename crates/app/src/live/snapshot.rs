//! Which transactions one look at the table has seen: PostgreSQL's own
//! `pg_snapshot`, so that nothing is missed that commits late.

use std::fmt;

/// A `pg_snapshot`: all below `xmin` are seen, none from `xmax` on, and of
/// those between all but the ones in `running`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    xmin: u64,
    xmax: u64,
    running: Vec<u64>,
}

impl Snapshot {
    /// Reads PostgreSQL's spelling, `xmin:xmax:a,b,…`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4096 {
            return None;
        }
        let mut parts = text.splitn(3, ':');
        let number = |text: Option<&str>| text?.parse::<u64>().ok().filter(|n| *n > 0);
        let (xmin, xmax) = (number(parts.next())?, number(parts.next())?);
        let rest = parts.next()?;
        let running: Option<Vec<u64>> = if rest.is_empty() { Some(Vec::new()) } else { rest.split(',').map(|n| n.parse().ok()).collect() };
        let running = running?;
        let sound = xmin <= xmax && running.is_sorted_by(|a, b| a < b) && running.iter().all(|n| (xmin..xmax).contains(n));
        sound.then_some(Self { xmin, xmax, running })
    }

    /// Whether what transaction `xid` wrote had been committed.
    pub fn sees(&self, xid: u64) -> bool {
        xid < self.xmin || (xid < self.xmax && !self.running.contains(&xid))
    }

    /// Whether it can be one that was taken before `later`.
    pub const fn is_before(&self, later: &Self) -> bool {
        self.xmax <= later.xmax && self.xmin <= later.xmin
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.xmin, self.xmax)?;
        for (n, xid) in self.running.iter().enumerate() {
            write!(f, "{}{xid}", if n == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_read_as_postgresql_writes_them() {
        for text in ["10:10:", "10:20:10,14,19", "1:18446744073709551615:1"] {
            assert_eq!(Snapshot::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "10", "10:9:", "0:0:", "10:20:9", "10:20:14,12", "a:b:c", "10:20:14,", "10:20"] {
            assert_eq!(Snapshot::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_commits_late_is_not_seen_before() {
        let snapshot = Snapshot::parse("10:20:12,15").unwrap();
        let seen: Vec<u64> = (9..22).filter(|xid| snapshot.sees(*xid)).collect();
        assert_eq!(seen, [9, 10, 11, 13, 14, 16, 17, 18, 19]);
    }
}
