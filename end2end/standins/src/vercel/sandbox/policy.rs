//! Network policies: what a request may say, what a machine may reach, and how answers show it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::asked::invalid;
use crate::vercel::error::ApiError;

/// A checked policy. As JSON it has the form of the answers, which differs from that of the requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Policy {
    /// Everything may be reached.
    #[default]
    AllowAll,
    /// Nothing may be reached, names are not looked up.
    DenyAll,
    /// Only what is listed may be reached.
    Custom {
        /// Domains in lower case; `*` is all of them, `*.example.org` all below that one.
        domains: Option<Vec<String>>,
        /// Networks that may be reached whatever their addresses are called.
        allowed: Option<Vec<IpNet>>,
        /// Networks that may not be reached in any case.
        denied: Option<Vec<IpNet>>,
    },
}

impl Policy {
    /// Checks a policy out of a request.
    pub(super) fn parse(value: &Value) -> Result<Policy, ApiError> {
        let wrong = |message: &str| invalid(&format!("`networkPolicy` {message}"));
        let object = value.as_object().ok_or_else(|| wrong("should be an object."))?;
        let known = |object: &Map<String, Value>, keys: &[&str]| {
            object
                .keys()
                .find(|key| !keys.contains(&key.as_str()))
                .map_or(Ok(()), |key| Err(wrong(&format!("should NOT have additional property `{key}`."))))
        };
        if let Some(mode) = object.get("mode") {
            known(object, &["mode"])?;
            return match mode.as_str() {
                Some("allow-all") => Ok(Policy::AllowAll),
                Some("deny-all") => Ok(Policy::DenyAll),
                _ => Err(wrong("has an unknown `mode`.")),
            };
        }
        known(object, &["allow", "subnets"])?;
        let domains = match object.get("allow") {
            None => None,
            Some(Value::Array(names)) => Some(names.iter().map(Value::as_str).collect::<Option<Vec<_>>>()),
            Some(Value::Object(rules)) => {
                if rules.values().any(|rules| !rules.is_array()) {
                    return Err(wrong("has rules for a domain that are not an array."));
                }
                if rules.values().any(|rules| rules.as_array().is_none_or(|rules| !rules.is_empty())) {
                    return Err(wrong("has rules for a domain, which the stand-in does not play."));
                }
                Some(Some(rules.keys().map(String::as_str).collect()))
            }
            Some(_) => return Err(wrong("should have a list or a map in `allow`.")),
        };
        let domains = match domains {
            None => None,
            Some(None) => return Err(wrong("should have texts in `allow`.")),
            Some(Some(names)) => match names.iter().find(|name| !is_domain(name)) {
                Some(name) => return Err(wrong(&format!("has `{name}` in `allow`, which is no domain."))),
                None => Some(names.into_iter().map(str::to_ascii_lowercase).collect()),
            },
        };
        let (mut allowed, mut denied) = (None, None);
        if let Some(subnets) = object.get("subnets") {
            let subnets = subnets.as_object().ok_or_else(|| wrong("should have an object in `subnets`."))?;
            known(subnets, &["allow", "deny"])?;
            let networks = |key: &str| -> Result<Option<Vec<IpNet>>, ApiError> {
                let Some(value) = subnets.get(key) else { return Ok(None) };
                let items = value.as_array().ok_or_else(|| wrong("should have lists in `subnets`."))?;
                let parsed: Option<Vec<IpNet>> =
                    items.iter().map(|item| item.as_str()?.parse().ok()).collect();
                parsed.map(Some).ok_or_else(|| wrong("should have networks such as 10.0.0.0/8 in `subnets`."))
            };
            (allowed, denied) = (networks("allow")?, networks("deny")?);
        }
        Ok(Policy::Custom { domains, allowed, denied })
    }

    /// Whether a name may be looked up: it, or an address that it may turn out to have, can be allowed.
    pub(super) fn may_look_up(&self, host: &str) -> bool {
        match self {
            Policy::AllowAll => true,
            Policy::DenyAll => false,
            Policy::Custom { allowed, .. } => self.names(host) || allowed.is_some(),
        }
    }

    /// Whether this host may be reached at this address.
    pub(super) fn allows(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Policy::AllowAll => true,
            Policy::DenyAll => false,
            Policy::Custom { allowed, denied, .. } => {
                let within = |networks: &Option<Vec<IpNet>>| {
                    networks.iter().flatten().any(|network| network.contains(&address))
                };
                !within(denied) && (within(allowed) || self.names(host))
            }
        }
    }

    /// Whether the list of domains has this host. An address is not a domain.
    fn names(&self, host: &str) -> bool {
        let Policy::Custom { domains: Some(domains), .. } = self else { return false };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        host.parse::<IpAddr>().is_err()
            && domains.iter().any(|domain| match domain.strip_prefix("*.") {
                _ if domain == "*" => true,
                Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
                None => host == *domain,
            })
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = match self {
            Policy::AllowAll => json!({"mode": "allow-all"}),
            Policy::DenyAll => json!({"mode": "deny-all"}),
            Policy::Custom { domains, allowed, denied } => {
                let mut shown = json!({"mode": "custom"});
                let texts =
                    |networks: &Vec<IpNet>| json!(networks.iter().map(IpNet::to_string).collect::<Vec<_>>());
                if let Some(domains) = domains {
                    shown["allowedDomains"] = json!(domains);
                }
                if let Some(allowed) = allowed {
                    shown["allowedCIDRs"] = texts(allowed);
                }
                if let Some(denied) = denied {
                    shown["deniedCIDRs"] = texts(denied);
                }
                shown
            }
        };
        shown.serialize(serializer)
    }
}

/// `*`, a name, or `*.` and a name. No scheme, port, path or address.
fn is_domain(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|one| one.is_ascii_alphanumeric() || one == '-' || one == '_')
    };
    text == "*" || (name.len() <= 253 && name.parse::<IpAddr>().is_err() && name.split('.').all(is_label))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use super::*;

    fn policy(value: Value) -> Policy {
        Policy::parse(&value).unwrap()
    }

    #[test]
    fn a_host_is_reached_by_its_name_or_its_address() {
        let policy = policy(json!({
            "allow": ["Registry.example.org", "*.example.com"],
            "subnets": {"allow": ["10.0.0.0/8", "fd00::/8"], "deny": ["10.1.0.0/16", "192.0.2.7/32"]},
        }));
        for (host, address, allowed) in [
            ("registry.example.org", "192.0.2.1", true),
            ("REGISTRY.example.org.", "192.0.2.1", true),
            ("registry.example.org", "192.0.2.7", false),
            ("a.registry.example.org", "192.0.2.1", false),
            ("a.example.com", "192.0.2.1", true),
            ("a.b.example.com", "192.0.2.1", true),
            ("example.com", "192.0.2.1", false),
            ("badexample.com", "192.0.2.1", false),
            ("elsewhere.test", "10.2.0.1", true),
            ("elsewhere.test", "10.1.0.1", false),
            ("10.2.0.1", "10.2.0.1", true),
            ("192.0.2.1", "192.0.2.1", false),
            ("fd00::1", "fd00::1", true),
        ] {
            assert_eq!(policy.allows(host, address.parse().unwrap()), allowed, "{host} at {address}");
        }
    }

    #[test]
    fn everything_nothing_and_all_names() {
        let address = "192.0.2.1".parse().unwrap();
        assert!(policy(json!({"mode": "allow-all"})).allows("192.0.2.1", address));
        assert!(!policy(json!({"mode": "deny-all"})).allows("a.test", address));
        assert!(!policy(json!({"mode": "deny-all"})).may_look_up("a.test"));
        let names = policy(json!({"allow": {"*": []}}));
        assert!(names.allows("a.test", address) && !names.allows("192.0.2.1", address));
        assert!(!policy(json!({})).may_look_up("a.test"));
    }

    #[test]
    fn malformed_ones_are_refused() {
        for value in [
            json!("allow-all"),
            json!({"mode": "custom"}),
            json!({"mode": "allow-all", "allow": []}),
            json!({"allow": "a.test"}),
            json!({"allow": [1]}),
            json!({"allow": ["https://a.test"]}),
            json!({"allow": ["a.test:443"]}),
            json!({"allow": ["127.0.0.1"]}),
            json!({"allow": ["a.*.test"]}),
            json!({"allow": [""]}),
            json!({"allow": {"a.test": {}}}),
            json!({"allow": {"a.test": [{"forwardURL": "https://b.test"}]}}),
            json!({"subnets": ["10.0.0.0/8"]}),
            json!({"subnets": {"allow": ["10.0.0.1"]}}),
            json!({"subnets": {"allow": ["10.0.0.0/33"]}}),
            json!({"subnets": {"block": []}}),
            json!({"domains": ["a.test"]}),
        ] {
            assert!(Policy::parse(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn answers_have_another_form() {
        let shown = |value: Value| serde_json::to_value(policy(value)).unwrap();
        assert_eq!(shown(json!({"mode": "deny-all"})), json!({"mode": "deny-all"}));
        assert_eq!(
            shown(json!({"allow": ["A.test"], "subnets": {"deny": ["10.0.0.0/8"]}})),
            json!({"mode": "custom", "allowedDomains": ["a.test"], "deniedCIDRs": ["10.0.0.0/8"]})
        );
    }
}
