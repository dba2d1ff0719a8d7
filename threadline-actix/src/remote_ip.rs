//! Where a request came from: [`RemoteIp`].

use std::net::{IpAddr, SocketAddr};

use actix_web::dev::ServiceRequest;

/// Which address is recorded as the origin of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoteIp {
    /// The other end of the connection: the client, or the proxy in front of the application.
    #[default]
    Peer,
    /// What the `Forwarded` or `X-Forwarded-For` header names first, else the peer.
    ///
    /// Only behind a proxy that *replaces* these headers: any client can send them.
    Forwarded,
    /// No address is recorded.
    None,
}

impl RemoteIp {
    pub(crate) fn of(self, request: &ServiceRequest) -> Option<IpAddr> {
        match self {
            Self::Peer => request.peer_addr().map(|address| address.ip()),
            Self::Forwarded => request
                .connection_info()
                .realip_remote_addr()
                .and_then(parse),
            Self::None => None,
        }
    }
}

/// Reads an address with or without port. Proxies also write `unknown` and made-up names: those
/// are no address.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_and_without_port() {
        for (text, expected) in [
            ("192.0.2.7", Some("192.0.2.7")),
            (" 192.0.2.7:4711", Some("192.0.2.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:4711", Some("2001:db8::7")),
            ("unknown", None),
            ("_hidden", None),
            ("", None),
        ] {
            assert_eq!(
                parse(text),
                expected.map(|ip| ip.parse().unwrap()),
                "{text}"
            );
        }
    }
}
