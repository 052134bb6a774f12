//! People: e-mail addresses, names, passwords, what a login is.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::fields::Check;
use crate::ids::UserId;
use crate::words::words;

words! {
    /// What has become of an account.
    UserStatus {
        /// Can log in.
        Active = "active",
        /// Staff have shut it out.
        Suspended = "suspended",
        /// Imported from elsewhere; nobody has claimed it yet.
        Unclaimed = "unclaimed",
        /// The person has left: personal data is gone.
        Erased = "erased",
    }
}

words! {
    /// What a personal token may do.
    TokenScope {
        /// Read one's profile, preferences, lists.
        ProfileRead = "profile:read",
        /// Change them.
        ProfileWrite = "profile:write",
        /// Read one's homes, also unpublished ones.
        ListingsRead = "listings:read",
        /// Change them, their photos, prices and calendars.
        ListingsWrite = "listings:write",
        /// Read one's bookings as guest and host.
        BookingsRead = "bookings:read",
        /// Book, answer, call off, review.
        BookingsWrite = "bookings:write",
        /// Read conversations and notifications.
        MessagesRead = "messages:read",
        /// Write messages.
        MessagesWrite = "messages:write",
        /// Read what one has earned.
        PayoutsRead = "payouts:read",
    }
}

/// So many recovery codes come with a second factor.
pub const RECOVERY_CODES: usize = 10;
/// After so many wrong codes a second factor rests for a while.
pub const MOST_FACTOR_FAILURES: i32 = 10;

/// A recovery code for people from 50 random bits: `R7K2Q-9QXMT`.
#[must_use]
pub fn recovery_code(random: u64) -> String {
    const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let letter = |at: u32| char::from(LETTERS[((random >> (5 * at)) & 31) as usize]);
    let (head, tail): (String, String) = ((0..5).map(letter).collect(), (5..10).map(letter).collect());
    format!("{head}-{tail}")
}

/// How long an access token works.
pub const ACCESS_TOKEN_LIFE: TimeDelta = TimeDelta::hours(1);
/// How long a refresh token works, unless it is spent before.
pub const REFRESH_TOKEN_LIFE: TimeDelta = TimeDelta::days(30);
/// How long the link in a verification mail works.
pub const VERIFICATION_LIFE: TimeDelta = TimeDelta::hours(24);
/// How long the link in a password-reset mail works.
pub const RESET_LIFE: TimeDelta = TimeDelta::hours(1);

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
pub struct User {
    /// Who.
    pub id: UserId,
    /// Lower case; `None` once erased or while unclaimed.
    pub email: Option<String>,
    /// When the address was proved.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// As shown to others.
    pub name: String,
    /// A few words about themselves.
    pub about: String,
    /// BCP 47 tags they speak.
    pub languages: Vec<String>,
    /// Name of the picture in the blob store.
    pub avatar: Option<String>,
    /// Granted the staff role.
    pub staff: bool,
    /// What has become of the account.
    pub status: UserStatus,
    /// Counts changes of the profile (ETag).
    pub version: i32,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Reads an e-mail address: trimmed, lower case, `local@domain.tld`.
///
/// # Errors
/// A sentence saying what an address looks like.
pub fn parse_email(text: &str) -> Result<String, String> {
    let email = text.trim().to_lowercase();
    let wrong = || format!("{text:?} is not an e-mail address, e.g. mia@example.org");
    let (local, domain) = email.rsplit_once('@').ok_or_else(wrong)?;
    let local_ok = (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
    let domain_ok = domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
    if local_ok && domain_ok && email.len() <= 254 { Ok(email) } else { Err(wrong()) }
}

/// Passwords everybody tries first; longer lists only repeat them with digits.
const COMMON: &[&str] = &[
    "password",
    "passwort",
    "motdepasse",
    "contraseña",
    "qwertyuiop",
    "1234567890",
    "12345678",
    "iloveyou",
    "letmein",
    "welcome",
    "admin",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "batman",
    "trustno1",
    "dragon",
    "master",
    "monkey",
    "shadow",
    "whatever",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsx",
    "changeme",
    "secret",
    "starwars",
    "pokemon",
];

/// Records what is wrong with a new password: 8–128 characters, not one of the
/// words everybody tries, not the person's own name or address. No composition
/// rules (NIST SP 800-63B advises against them).
pub fn check_password(check: &mut Check, pointer: &str, password: &str, email: &str, name: &str) {
    let length = password.chars().count();
    check.that(length >= 8, pointer, "too_short", "a password needs at least 8 characters");
    check.that(length <= 128, pointer, "too_long", "a password takes at most 128 characters");
    // "Password123!" is "password" to whoever guesses.
    let bare = password.to_lowercase();
    let bare = bare.trim_matches(|c: char| !c.is_alphabetic());
    let digits_only = password.chars().all(|c| c.is_ascii_digit());
    let one_character = password.chars().all(|c| password.starts_with(c));
    check.that(
        !COMMON.contains(&bare) && !COMMON.contains(&password.to_lowercase().as_str()) && !digits_only && !one_character,
        pointer,
        "too_common",
        "this password is among the first that are guessed: choose another",
    );
    let own = [email, email.split('@').next().unwrap_or(""), name];
    check.that(
        !own.iter().any(|word| word.chars().count() >= 4 && password.to_lowercase() == word.to_lowercase()),
        pointer,
        "too_personal",
        "a password must not be your name or address",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded_and_checked() {
        assert_eq!(parse_email(" Mia@Example.ORG "), Ok("mia@example.org".into()));
        for bad in
            ["", "mia", "mia@", "@example.org", "mia@example", "a b@example.org", "mia@-x.org", "mia..b@x.org", "mia@x.org\r\nBcc: y@z.org"]
        {
            assert!(parse_email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn guessable_passwords_are_refused() {
        let errors = |password: &str| {
            let mut check = Check::new();
            check_password(&mut check, "/password", password, "mia.sun@example.org", "Mia Sunfield");
            check.finish().err().map(|e| e[0].code)
        };
        assert_eq!(errors("short"), Some("too_short"));
        assert_eq!(errors(&"x".repeat(129)), Some("too_long"));
        for common in ["Password123!", "12345678901", "aaaaaaaaaa", "letmein2027"] {
            assert_eq!(errors(common), Some("too_common"), "{common}");
        }
        assert_eq!(errors("mia.sun@example.org"), Some("too_personal"));
        assert_eq!(errors("correct horse battery"), None);
        assert_eq!(errors("пароль-на-русском"), None);
    }
}
