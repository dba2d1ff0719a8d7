//! What proves that a form comes from a page that this operator was shown: [`Token`].
//!
//! The page's cookie holds a random number, its forms hold a digest of that number, the operator and the place of the
//! surface. Another site can neither read the cookie nor work out the digest, and what was made for one operator is worth
//! nothing when somebody else signs in. Besides, browsers say where a form was sent from; see [`is_from_here`].

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap},
};
use sha2::{Digest as _, Sha256};
use threadline::ActorRef;
use uuid::Uuid;

/// The cookie over plain HTTP.
const NAME: &str = "threadline-form";
/// The cookie over HTTPS: under this prefix a browser takes it from this host alone, and nobody beside it.
const NAME_OF_HOST: &str = "__Host-threadline-form";

/// The proof of one operator.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// What forms carry.
    digest: String,
    /// What the browser is told to keep, unless it does already: the value of a `Set-Cookie`.
    cookie: Option<String>,
}

impl Token {
    /// The token of a request, with a cookie of its own where the browser has none. Somebody without an id has none.
    pub(crate) fn of(request: &HttpRequest, actor: Option<&ActorRef>, base: &str) -> Option<Self> {
        let actor = actor.filter(|actor| actor.id().is_some())?;
        let secure = request.connection_info().scheme() == "https";
        let name = if secure { NAME_OF_HOST } else { NAME };
        let (number, cookie) = match kept(request.headers(), name) {
            Some(number) => (number, None),
            None => {
                let number = Uuid::new_v4();
                // Lax: no form of another site brings it along, and a link from elsewhere does not make a second one.
                let secure = if secure { "; Secure" } else { "" };
                let value = number.simple();
                let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}");
                (number, Some(cookie))
            }
        };
        let digest = digest(number, actor, base);
        Some(Self { digest, cookie })
    }

    /// What forms carry.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// What the browser is to keep.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Whether a form carries this token, and the browser had the cookie that belongs to it.
    pub(crate) fn is_proved_by(&self, sent: &str) -> bool {
        let (sent, own) = (sent.as_bytes(), self.digest.as_bytes());
        // Every byte is looked at, so that the time tells nothing.
        let differs = sent
            .iter()
            .zip(own)
            .fold(0, |differs, (sent, own)| differs | (sent ^ own));
        self.cookie.is_none() && sent.len() == own.len() && differs == 0
    }
}

/// The number in the browser's cookie.
fn kept(headers: &HeaderMap, name: &str) -> Option<Uuid> {
    let cookies = headers.get_all(header::COOKIE);
    let mut pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, number) = pairs.find(|(known, _)| *known == name)?;
    Uuid::try_parse(number).ok()
}

fn digest(number: Uuid, actor: &ActorRef, base: &str) -> String {
    // No part holds a NUL: where one ends is no question.
    let text = format!("threadline form\0{}\0{actor}\0{base}", number.simple());
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the browser says that a form was sent from a page of this host. One that says nothing is not believed.
pub(crate) fn is_from_here(request: &HttpRequest) -> bool {
    let connection = request.connection_info();
    says_here(request.headers(), connection.host())
}

fn says_here(headers: &HeaderMap, host: &str) -> bool {
    let text = |name: &str| Some(headers.get(name)?.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        return false;
    };
    origin
        .split_once("://")
        .is_some_and(|(_, authority)| !authority.is_empty() && authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn ada() -> ActorRef {
        ActorRef::admin("ada").unwrap()
    }

    fn with_cookie(token: &Token) -> HttpRequest {
        let (cookie, _) = token.cookie().unwrap().split_once(';').unwrap();
        TestRequest::default()
            .insert_header((header::COOKIE, format!("theme=dark; {cookie}; other=1")))
            .to_http_request()
    }

    #[test]
    fn a_token_holds_for_its_cookie_its_operator_and_its_surface() {
        let fresh = TestRequest::default().to_http_request();
        let first = Token::of(&fresh, Some(&ada()), "/audit").unwrap();
        assert!(!first.is_proved_by(first.digest()), "there was no cookie");
        let request = with_cookie(&first);
        let token = |actor: &ActorRef, base: &str| Token::of(&request, Some(actor), base).unwrap();
        assert!(token(&ada(), "/audit").is_proved_by(first.digest()));
        assert!(token(&ada(), "/audit").cookie().is_none());
        for sent in [
            "",
            "0",
            &first.digest()[1..],
            &format!("{}0", first.digest()),
        ] {
            assert!(!token(&ada(), "/audit").is_proved_by(sent), "{sent}");
        }
        let bob = ActorRef::admin("bob").unwrap();
        assert!(!token(&bob, "/audit").is_proved_by(first.digest()));
        assert!(!token(&ada(), "/support").is_proved_by(first.digest()));
        let other = Token::of(&fresh, Some(&ada()), "/audit").unwrap();
        assert!(!token(&ada(), "/audit").is_proved_by(other.digest()));
    }

    #[test]
    fn the_cookie_is_for_this_host_and_no_script() {
        let request = TestRequest::default()
            .insert_header(("x-forwarded-proto", "https"))
            .to_http_request();
        let token = Token::of(&request, Some(&ada()), "/audit").unwrap();
        let cookie = token.cookie().unwrap();
        for part in [
            "__Host-threadline-form=",
            "HttpOnly",
            "Secure",
            "SameSite=Lax",
            "Path=/",
        ] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let plain = TestRequest::default().to_http_request();
        let token = Token::of(&plain, Some(&ada()), "/audit").unwrap();
        assert!(!token.cookie().unwrap().contains("Secure"));
        assert!(Token::of(&plain, Some(&ActorRef::anonymous()), "/audit").is_none());
        assert!(Token::of(&plain, None, "/audit").is_none());
    }

    #[test]
    fn a_form_is_taken_from_this_host_alone() {
        let check = |headers: &[(&'static str, &str)]| {
            let mut request = TestRequest::default();
            for header in headers {
                request = request.insert_header(*header);
            }
            says_here(request.to_http_request().headers(), "audit.example:8443")
        };
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        assert!(check(&[("origin", "https://audit.example:8443")]));
        for headers in [
            &[][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://audit.example:8443"),
            ],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "https://")],
            &[("origin", "https://audit.example")],
            &[("origin", "https://evil.example:8443")],
            &[("origin", "https://audit.example:8443.evil.example")],
        ] {
            assert!(!check(headers), "{headers:?}");
        }
    }
}
