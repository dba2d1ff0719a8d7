use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use crate::error::Error;

/// The account the server runs under; PostgreSQL refuses root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// The account of this process.
    Own,
    /// Another one, which only root can choose.
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// Chooses an account, given a directory that this process has just created, and the directory of the data.
    ///
    /// Data that already belong to somebody keep their owner.
    pub(crate) fn choose(own: &Path, data: &Path) -> Result<Self, Error> {
        let owner = |path: &Path| fs::metadata(path).map_err(Error::prepare(path));
        if owner(own)?.uid() != 0 {
            return Ok(Self::Own);
        }
        let data = owner(data)?;
        if data.uid() != 0 {
            return Ok(Self::Other {
                uid: data.uid(),
                gid: data.gid(),
            });
        }
        let accounts = fs::read_to_string("/etc/passwd").map_err(Error::prepare("/etc/passwd"))?;
        unprivileged(&accounts).ok_or(Error::NoUnprivilegedAccount)
    }

    /// Gives `path` to the account.
    pub(crate) fn own(self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => {
                chown(path, Some(uid), Some(gid)).map_err(Error::prepare(path))
            }
        }
    }

    /// Lets `command` run under the account.
    pub(crate) fn apply(self, command: &mut Command) {
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }
}

/// Finds `postgres`, or else `nobody`, in the text of `/etc/passwd`.
fn unprivileged(accounts: &str) -> Option<Account> {
    let find = |wanted| {
        accounts.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, uid, gid, ..] = fields[..] else {
                return None;
            };
            let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
            (name == wanted && uid != 0).then_some(Account::Other { uid, gid })
        })
    };
    find("postgres").or_else(|| find("nobody"))
}

#[cfg(test)]
mod tests {
    use super::{Account, unprivileged};

    const ROOT: &str = "root:x:0:0:root:/root:/bin/bash\n";
    const NOBODY: &str = "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n";
    const POSTGRES: &str = "postgres:x:101:104::/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn prefers_the_postgres_account_to_nobody() {
        let both = [ROOT, NOBODY, POSTGRES].concat();
        assert_eq!(
            unprivileged(&both),
            Some(Account::Other { uid: 101, gid: 104 })
        );
        let one = [ROOT, NOBODY].concat();
        assert_eq!(
            unprivileged(&one),
            Some(Account::Other {
                uid: 65534,
                gid: 65534
            })
        );
        assert_eq!(unprivileged(ROOT), None);
    }

    #[test]
    fn never_takes_an_account_that_is_root_by_another_name() {
        assert_eq!(unprivileged("postgres:x:0:0::/:/bin/sh\n"), None);
    }
}
