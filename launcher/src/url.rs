/// Spells `database` so that it can stand as the path of a URL.
pub(crate) fn path_segment(database: &str) -> String {
    let mut spelled = String::with_capacity(database.len());
    for byte in database.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                spelled.push(char::from(byte));
            }
            _ => spelled.push_str(&format!("%{byte:02X}")),
        }
    }
    spelled
}

/// The address of a server: a URL in which the database can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Scheme, user and host.
    server: String,
    /// The parameters, with their question mark.
    parameters: String,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (address, parameters) = url.find('?').map_or((url, ""), |at| url.split_at(at));
        let (scheme, rest) = address.split_once("://")?;
        let host = rest.split('/').next()?;
        if !matches!(scheme, "postgres" | "postgresql") || host.is_empty() {
            return None;
        }
        Some(Self {
            server: format!("{scheme}://{host}"),
            parameters: parameters.to_owned(),
        })
    }

    /// The server as a connection string of libpq has it, without a database; `None` for names and passwords that are
    /// escaped in the URL.
    pub(crate) fn connection(&self) -> Option<String> {
        let (_, server) = self.server.split_once("://")?;
        if server.contains('%') {
            return None;
        }
        let (account, host) = server.rsplit_once('@').unwrap_or(("postgres", server));
        let (user, password) = account.split_once(':').unwrap_or((account, ""));
        let (host, port) = host.rsplit_once(':').unwrap_or((host, "5432"));
        let mut text = format!("host={host} port={port} user={user}");
        if !password.is_empty() {
            text += &format!(" password={password}");
        }
        Some(text)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "{}/{}{}",
            self.server,
            path_segment(database),
            self.parameters
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, path_segment};

    #[test]
    fn changes_only_the_database_of_an_address() {
        let address =
            Address::parse("postgres://me:secret@db:5432/postgres?sslmode=disable").unwrap();
        assert_eq!(
            address.url("masks_email"),
            "postgres://me:secret@db:5432/masks_email?sslmode=disable"
        );
        let address = Address::parse("postgresql://127.0.0.1:5432").unwrap();
        assert_eq!(address.url("a"), "postgresql://127.0.0.1:5432/a");
    }

    #[test]
    fn spells_an_address_for_other_programs() {
        let connection = |url| Address::parse(url).unwrap().connection();
        assert_eq!(
            connection("postgres://me:secret@db:6000/a").as_deref(),
            Some("host=db port=6000 user=me password=secret")
        );
        assert_eq!(
            connection("postgres://db/a").as_deref(),
            Some("host=db port=5432 user=postgres")
        );
        assert_eq!(connection("postgres://a%20b@db/a"), None);
    }

    #[test]
    fn refuses_what_is_not_an_address_of_postgresql() {
        for url in ["", "localhost:5432", "mysql://localhost/a", "postgres:///a"] {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }

    #[test]
    fn escapes_names_that_a_url_cannot_hold() {
        assert_eq!(path_segment("plain_1-a"), "plain_1-a");
        assert_eq!(path_segment("a/b ?ü"), "a%2Fb%20%3F%C3%BC");
    }
}
