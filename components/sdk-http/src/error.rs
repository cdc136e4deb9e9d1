//! Why there is no response, in words that a tool may hand to a model.

use std::fmt;

use crate::bindings::wasi::http::types::ErrorCode;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The host did not send it, or not to there.
    Denied(String),
    /// It is no request.
    Invalid(String),
    /// The body is longer than was to be read.
    TooLong { most: usize },
    /// No response came, or not all of it.
    Failed(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(message) | Self::Invalid(message) | Self::Failed(message) => f.write_str(message),
            Self::TooLong { most } => write!(f, "the response is longer than the {most} bytes that are read of one"),
        }
    }
}

impl std::error::Error for Error {}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        let failed = |message: &str| Self::Failed(message.to_owned());
        match code {
            ErrorCode::HttpRequestDenied => Self::Denied("denied: the host did not allow this request".into()),
            ErrorCode::DestinationIpProhibited => Self::Denied("denied: no request goes to that address".into()),
            ErrorCode::HttpRequestMethodInvalid => Self::Invalid("this method is never sent".into()),
            ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestUriTooLong => Self::Invalid("the URL cannot be sent".into()),
            ErrorCode::HttpRequestBodySize(_) => Self::Invalid("the body is too long to be sent".into()),
            ErrorCode::HttpRequestHeaderSectionSize(_) | ErrorCode::HttpRequestHeaderSize(_) => {
                Self::Invalid("the headers are too long to be sent".into())
            }
            ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => failed("there is no such server"),
            ErrorCode::DestinationUnavailable
            | ErrorCode::DestinationIpUnroutable
            | ErrorCode::ConnectionRefused
            | ErrorCode::ConnectionLimitReached => failed("the server cannot be reached"),
            ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => failed("the connection broke off"),
            ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionReadTimeout
            | ErrorCode::ConnectionWriteTimeout
            | ErrorCode::HttpResponseTimeout => failed("the server took too long"),
            ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => {
                failed("there is no secure connection to this server: its certificate or its TLS is not right")
            }
            ErrorCode::HttpResponseBodySize(_) => failed("the response is longer than the host takes"),
            ErrorCode::HttpResponseHeaderSectionSize(_) | ErrorCode::HttpResponseHeaderSize(_) => {
                failed("the response's headers are longer than the host takes")
            }
            ErrorCode::HttpResponseContentCoding(_) => failed("the response is compressed, which the host does not take"),
            // The host's own words, if it has any.
            ErrorCode::InternalError(Some(message)) => Self::Failed(message),
            other => Self::Failed(format!("the request failed: {other:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_from_a_failure() {
        for code in [ErrorCode::HttpRequestDenied, ErrorCode::DestinationIpProhibited] {
            let error = Error::from(code);
            assert!(matches!(&error, Error::Denied(message) if message.starts_with("denied")), "{error}");
        }
        let table = [
            (ErrorCode::DestinationNotFound, "no such server"),
            (ErrorCode::ConnectionRefused, "cannot be reached"),
            (ErrorCode::HttpResponseTimeout, "too long"),
            (ErrorCode::TlsCertificateError, "certificate"),
            (ErrorCode::HttpResponseBodySize(Some(1)), "longer"),
            (ErrorCode::InternalError(Some("the disk is full".into())), "the disk is full"),
            (ErrorCode::LoopDetected, "LoopDetected"),
        ];
        for (code, words) in table {
            let error = Error::from(code);
            assert!(matches!(&error, Error::Failed(message) if message.contains(words)), "{error}");
        }
        assert!(matches!(Error::from(ErrorCode::HttpRequestUriTooLong), Error::Invalid(_)));
        assert_eq!(Error::TooLong { most: 7 }.to_string(), "the response is longer than the 7 bytes that are read of one");
    }
}
