//! Each bound of a log-in, on both of its sides.

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const MILLI: Duration = Duration::from_millis(1);

fn later(duration: Duration) -> Timestamp {
    NOW.plus(duration)
}

#[test]
fn exchanges_a_token_for_a_cookie_once() {
    let logins = Logins::default();
    let token = logins.issue(NOW).unwrap();
    let cookie = logins.redeem(token.as_str(), NOW).unwrap();
    assert_ne!(cookie, token.as_str());
    assert!(logins.browser(&cookie, NOW).is_some());
    assert!(logins.browser(token.as_str(), NOW).is_none());
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
fn so_many_failures_lock_the_log_in_even_for_a_right_token() {
    let logins = Logins::default();
    let (right, second) = (logins.issue(later(LOGIN_LOCK)).unwrap(), logins.issue(later(LOGIN_LOCK)).unwrap());
    for _ in 1..FAILED_LOGINS {
        assert!(matches!(logins.redeem("wrong", NOW), Err(Refused::Unknown)));
    }
    assert!(matches!(logins.redeem("wrong", NOW), Err(Refused::Locked { remaining }) if remaining == LOGIN_LOCK));
    assert!(matches!(logins.redeem(right.as_str(), later(LOGIN_LOCK - MILLI)), Err(Refused::Locked { remaining }) if remaining == MILLI));
    assert!(logins.redeem(right.as_str(), later(LOGIN_LOCK)).is_ok());
    // The failures before the lock are forgotten with it.
    assert!(matches!(logins.redeem("wrong", later(LOGIN_LOCK)), Err(Refused::Unknown)));
    assert!(logins.redeem(second.as_str(), later(LOGIN_LOCK)).is_ok());
}

#[test]
fn failures_count_only_within_the_minute() {
    let logins = Logins::default();
    for _ in 1..FAILED_LOGINS {
        assert!(logins.redeem("wrong", NOW).is_err());
    }
    assert!(matches!(logins.redeem("wrong", later(FAILED_LOGINS_WITHIN)), Err(Refused::Unknown)));

    let logins = Logins::default();
    for _ in 1..FAILED_LOGINS {
        assert!(logins.redeem("wrong", NOW).is_err());
    }
    assert!(matches!(logins.redeem("wrong", later(FAILED_LOGINS_WITHIN - MILLI)), Err(Refused::Locked { .. })));
}

#[test]
fn a_log_in_that_succeeds_clears_the_failures() {
    let logins = Logins::default();
    let token = logins.issue(NOW).unwrap();
    for _ in 1..FAILED_LOGINS {
        assert!(logins.redeem("wrong", NOW).is_err());
    }
    logins.redeem(token.as_str(), NOW).unwrap();
    assert!(matches!(logins.redeem("wrong", NOW), Err(Refused::Unknown)));
}

#[test]
fn a_browser_stays_logged_in_while_it_is_used() {
    let logins = Logins::default();
    let cookie = logins.redeem(logins.issue(NOW).unwrap().as_str(), NOW).unwrap();
    let used = later(BROWSER_IDLE - MILLI);
    let key = logins.browser(&cookie, used).unwrap();
    assert!(logins.admits(key, used.plus(BROWSER_IDLE - MILLI)));
    assert!(logins.browser(&cookie, used.plus(BROWSER_IDLE - MILLI).plus(BROWSER_IDLE)).is_none());
    assert_eq!(logins.count(), 0);
}

#[test]
fn logs_out_the_idlest_browser_when_there_are_too_many() {
    let logins = Logins::default();
    let mut cookies = Vec::new();
    for n in 0..BROWSERS as u64 {
        let now = Timestamp(NOW.0 + n);
        cookies.push(logins.redeem(logins.issue(now).unwrap().as_str(), now).unwrap());
    }
    let now = Timestamp(NOW.0 + 1000);
    assert!(logins.browser(&cookies[0], now).is_some());
    let newest = logins.redeem(logins.issue(now).unwrap().as_str(), now).unwrap();
    assert_eq!(logins.count(), BROWSERS);
    assert!(logins.browser(&cookies[1], now).is_none());
    assert!(logins.browser(&cookies[0], now).is_some());
    assert!(logins.browser(&newest, now).is_some());
}
