//! Each bound of a log-in, on both of its sides.

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const MILLI: Duration = Duration::from_millis(1);

fn later(duration: Duration) -> Timestamp {
    NOW.plus(duration)
}

fn browser(logins: &Logins, admission: &Admission, now: Timestamp) -> Option<BrowserKey> {
    logins.browser(&admission.cookie, &admission.key, now)
}

#[test]
fn exchanges_a_token_for_a_cookie_and_a_key_once_and_wants_both() {
    let logins = Logins::default();
    let token = logins.issue(NOW).unwrap();
    let admission = logins.redeem(token.as_str(), NOW).unwrap();
    let Admission { cookie, key } = &admission;
    assert!(cookie != token.as_str() && key != token.as_str() && key != cookie);
    assert!(browser(&logins, &admission, NOW).is_some());
    for (cookie, key) in [(cookie.as_str(), ""), ("", key), (key, cookie), (cookie, cookie), (cookie, token.as_str())] {
        assert!(logins.browser(cookie, key, NOW).is_none());
    }
    assert!(matches!(logins.redeem(token.as_str(), NOW), Err(Refused::Unknown)));
}

#[test]
fn tokens_are_32_random_bytes_and_show_themselves_only_in_the_address() {
    let logins = Logins::default();
    let (one, two) = (logins.issue(NOW).unwrap(), logins.issue(NOW).unwrap());
    assert_ne!(one.as_str(), two.as_str());
    assert_eq!(URL_SAFE_NO_PAD.decode(one.as_str()).unwrap().len(), SECRET_BYTES);
    assert!(!format!("{one:?} {logins:?}").contains(one.as_str()));
    assert_eq!(one.url("127.0.0.1:18790".parse().unwrap()), format!("http://127.0.0.1:18790/#login={}", one.as_str()));
}

#[test]
fn a_token_lasts_ten_minutes_and_no_longer() {
    let logins = Logins::default();
    let (one, two) = (logins.issue(NOW).unwrap(), logins.issue(NOW).unwrap());
    assert!(logins.redeem(one.as_str(), later(LOGIN_LIFETIME - MILLI)).is_ok());
    assert!(matches!(logins.redeem(two.as_str(), later(LOGIN_LIFETIME)), Err(Refused::Unknown)));
}

#[test]
fn keeps_so_many_tokens_and_drops_the_oldest() {
    let logins = Logins::default();
    let tokens: Vec<_> = (0..=PENDING_LOGINS).map(|_| logins.issue(NOW).unwrap()).collect();
    assert!(logins.redeem(tokens[0].as_str(), NOW).is_err());
    assert!(logins.redeem(tokens[1].as_str(), NOW).is_ok());
    assert!(logins.redeem(tokens[PENDING_LOGINS].as_str(), NOW).is_ok());
}

#[test]
fn failures_keep_no_right_token_out() {
    let logins = Logins::default();
    let right = logins.issue(NOW).unwrap();
    for _ in 0..1000 {
        assert!(matches!(logins.redeem("wrong", NOW), Err(Refused::Unknown)));
    }
    assert!(logins.redeem(right.as_str(), NOW).is_ok());
}

#[test]
fn being_known_is_not_being_used() {
    let logins = Logins::default();
    let admission = logins.redeem(logins.issue(NOW).unwrap().as_str(), NOW).unwrap();
    let key = browser(&logins, &admission, NOW).unwrap();
    assert!(logins.knows(key, later(BROWSER_IDLE - MILLI)));
    assert!(!logins.knows(key, later(BROWSER_IDLE)));
}

#[test]
fn a_browser_stays_logged_in_while_it_is_used() {
    let logins = Logins::default();
    let admission = logins.redeem(logins.issue(NOW).unwrap().as_str(), NOW).unwrap();
    let used = later(BROWSER_IDLE - MILLI);
    let key = browser(&logins, &admission, used).unwrap();
    assert!(logins.admits(key, used.plus(BROWSER_IDLE - MILLI)));
    assert!(browser(&logins, &admission, used.plus(BROWSER_IDLE - MILLI).plus(BROWSER_IDLE)).is_none());
    assert_eq!(logins.count(), 0);
}

#[test]
fn logs_out_the_idlest_browser_when_there_are_too_many() {
    let logins = Logins::default();
    let mut admissions = Vec::new();
    for n in 0..BROWSERS as u64 {
        let now = Timestamp(NOW.0 + n);
        admissions.push(logins.redeem(logins.issue(now).unwrap().as_str(), now).unwrap());
    }
    let now = Timestamp(NOW.0 + 1000);
    assert!(browser(&logins, &admissions[0], now).is_some());
    let newest = logins.redeem(logins.issue(now).unwrap().as_str(), now).unwrap();
    assert_eq!(logins.count(), BROWSERS);
    assert!(browser(&logins, &admissions[1], now).is_none());
    assert!(browser(&logins, &admissions[0], now).is_some());
    assert!(browser(&logins, &newest, now).is_some());
}
