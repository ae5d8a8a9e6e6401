//! Mistakes in what is sent again, and when.

use super::Bug;

#[rustfmt::skip]
pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "blind-create-repeated-after-a-failure",
        file: "retry.rs",
        old: "(|e| passing(e),                     [Again,   Look,    NewKey,  Look,    LookOnly, Look]),",
        new: "(|e| passing(e),                     [Again,   Look,    NewKey,  Look,    Again,    Look]),",
    },
    Bug {
        name: "blind-create-repeated-after-a-loss",
        file: "retry.rs",
        old: "(|e| e == Event::Lost,               [Again,   Look,    Look,    Look,    LookOnly, Look]),",
        new: "(|e| e == Event::Lost,               [Again,   Look,    Look,    Look,    Again,    Look]),",
    },
    Bug {
        // The server may do it after nobody waits for it any more.
        name: "blind-create-repeated-after-a-timeout-and-a-look",
        file: "retry.rs",
        old: "(|e| e == Event::Timeout,            [Again,   Look,    Look,    Look,    LookOnly, Look]),",
        new: "(|e| e == Event::Timeout,            [Again,   Look,    Look,    Look,    Look,     Look]),",
    },
    Bug {
        name: "blind-create-repeated-after-a-slow-request",
        file: "retry.rs",
        old: "(|e| e == Event::Status(408),        [Again,   Look,    Look,    Look,    LookOnly, Look]),",
        new: "(|e| e == Event::Status(408),        [Again,   Look,    Look,    Look,    Again,    Look]),",
    },
    Bug {
        name: "write-repeated-without-a-look",
        file: "apply.rs",
        old: "            match self.look(change, sent).await {",
        new: "            if next == Next::Look && again {
                attempt += 1;
                continue;
            }
            match self.look(change, sent).await {",
    },
    Bug {
        name: "adopted-without-comparing",
        file: "apply.rs",
        old: "let done = self.done(change, sent, &left).ok_or_else(other)?;",
        new: "let done = live.map_or(sent, |_| sent + left.len().min(1));",
    },
    Bug {
        name: "key-reused-after-a-failure",
        file: "retry.rs",
        old: "(|e| passing(e),                     [Again,   Look,    NewKey,",
        new: "(|e| passing(e),                     [Again,   Look,    Again,",
    },
    Bug {
        name: "key-kept-after-a-look-at-a-failure",
        file: "apply.rs",
        old: "if next == Next::NewKey {",
        new: "if next == Next::NewKey && undone {",
    },
    Bug {
        name: "new-key-after-a-loss",
        file: "apply.rs",
        old: "if next == Next::NewKey {",
        new: "if next != Next::LookOnly {",
    },
    Bug {
        name: "retry-after-of-503-ignored",
        file: "http.rs",
        old: "let asks = matches!(answer.status.as_u16(), 429 | 503);",
        new: "let asks = answer.status.as_u16() == 429;",
    },
    Bug {
        name: "retry-after-holds-for-one-worker-only",
        file: "http.rs",
        old: "            self.origin.pause(wait);\n",
        new: r#"            tracing::debug!(?wait, "the server asks for time");"#,
    },
    Bug {
        name: "retry-after-in-seconds-only",
        file: "http/answer.rs",
        old: "Err(_) => Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()),",
        new: "Err(_) => None,",
    },
    Bug {
        name: "retry-after-waited-for-without-end",
        file: "retry.rs",
        old: "        Some(asked) if asked > MAX_WAIT => None,\n",
        new: "",
    },
    Bug {
        name: "rate-limit-that-is-used-up-ignored",
        file: "http.rs",
        old: "answer.retry_after.filter(|_| asks).max(answer.exhausted)",
        new: "answer.retry_after.filter(|_| asks)",
    },
    Bug {
        name: "rate-limit-reset-is-always-seconds",
        file: "http/answer.rs",
        old: "let is_time = reset > 365 * 24 * 3600;",
        new: "let is_time = false;",
    },
    Bug {
        name: "budget-ignored",
        file: "retry.rs",
        old: "        rest.is_some()\n",
        new: "        true\n",
    },
];
