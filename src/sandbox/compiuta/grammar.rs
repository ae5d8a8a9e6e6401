//! The syntax of ids, actions and members. Whether what they name exists is not known here.

/// Lower-case letters, digits, `-` and `_`.
pub(super) fn is_id(id: &str, longest: usize) -> bool {
    (1..=longest).contains(&id.len())
        && id.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_')
}

/// `service:type:verb` with wildcards in these places only: `service:*`, `service:type:*`, `service:*:verb`,
/// `*:verb`, `*`.
pub(super) fn is_action(action: &str) -> bool {
    match action.split(':').collect::<Vec<_>>().as_slice() {
        ["*"] => true,
        ["*", verb] => is_word(verb),
        [service, "*"] => is_word(service),
        [service, kind, verb] => {
            is_word(service) && is_word_or_all(kind) && is_word_or_all(verb) && (*kind, *verb) != ("*", "*")
        }
        _ => false,
    }
}

fn is_word(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_lowercase()) && part.bytes().all(|c| c.is_ascii_alphabetic())
}

fn is_word_or_all(part: &str) -> bool {
    part == "*" || is_word(part)
}

/// Users and teams by kind, tokens and certificates by id, each also as a wildcard.
pub(super) fn is_member(member: &str) -> bool {
    match member.split(':').collect::<Vec<_>>().as_slice() {
        ["*"] | ["user" | "team" | "token" | "tls", "*"] => true,
        ["user" | "team", "local" | "ldap" | "saml", name] => *name == "*" || is_literal(name),
        ["token", id] => is_literal(id),
        ["tls", "service", last] => *last == "*" || is_literal(last),
        ["tls", "service", service, last] => is_literal(service) && (*last == "*" || is_literal(last)),
        _ => false,
    }
}

fn is_literal(part: &str) -> bool {
    !part.trim().is_empty() && !part.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_has_its_wildcards_in_few_places() {
        for good in
            ["*", "*:get", "iam:*", "core:things:get", "core:things:*", "core:*:get", "iam:policyMembers:get"]
        {
            assert!(is_action(good), "{good}");
        }
        for bad in
            ["", "core", "core:things", "core:*:*", "*:*", "*:things:get", "Core:things:get", "a:b:c:d"]
        {
            assert!(!is_action(bad), "{bad}");
        }
    }

    #[test]
    fn a_member_is_a_user_a_team_a_token_or_a_certificate() {
        for good in
            ["*", "user:*", "user:local:mara", "team:ldap:*", "token:t-1", "tls:service:a:*", "tls:service:*"]
        {
            assert!(is_member(good), "{good}");
        }
        for bad in
            ["", "mara", "user:mara", "user:local:", "user:local:a*", "group:local:a", "user:local:a:b"]
        {
            assert!(!is_member(bad), "{bad}");
        }
    }
}
