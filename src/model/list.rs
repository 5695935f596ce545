//! Which deployments a list shows: the address of the page → a [`ListQuery`] → whether a row fits, and back to an
//! address.

use super::{
    DeploymentRow, DeploymentState, FixStatus, ProjectSummary, Provider, Timestamp, deployment::has,
};
use chrono::{Datelike as _, NaiveDate, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

/// Longer values of a parameter are not understood.
const LONGEST: usize = 200;

/// What the tabs of the dashboard show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tab {
    /// The watched projects, instead of deployments.
    Projects,
    /// Every deployment.
    #[default]
    All,
    /// Deployments that are live.
    Success,
    /// Deployments that failed, repaired or not.
    Failed,
    /// Failed deployments for which there is a pull request.
    Fixed,
}

impl Tab {
    /// Every tab, in the order of the page.
    pub const ALL: [Self; 5] = [Self::Projects, Self::All, Self::Success, Self::Failed, Self::Fixed];

    /// The value in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Projects => "projects",
            Self::All => "all",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Fixed => "fixed",
        }
    }

    /// The word on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Projects => "Projects",
            Self::All => "All",
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::Fixed => "Fixed",
        }
    }

    /// The only state of the deployments on it.
    pub const fn state(self) -> Option<DeploymentState> {
        match self {
            Self::Projects | Self::All => None,
            Self::Success => Some(DeploymentState::Ready),
            Self::Failed | Self::Fixed => Some(DeploymentState::Failed),
        }
    }

    fn takes(self, row: &DeploymentRow) -> bool {
        self.state().is_none_or(|state| row.state() == state)
            && (self != Self::Fixed || row.fix_status().is_some_and(FixStatus::has_pull_request))
    }
}

/// A place in a list that is sorted by time, the newest first. Its identity is the row's, so it stays where it is
/// while rows arrive above it. On the wire it is the text that `after` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Cursor {
    /// The row's time.
    pub at: Timestamp,
    /// The row's id: ours, or `{provider}:{platform's id}`.
    pub id: String,
}

impl Cursor {
    /// The row is one of ours: it has a fix.
    pub fn is_ours(&self) -> bool {
        !self.id.contains(':')
    }

    fn read(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        let at = Timestamp::from_timestamp_micros(at.parse().ok()?)?;
        (!id.is_empty()).then(|| Self { at, id: id.to_owned() })
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

impl TryFrom<String> for Cursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).ok_or("not a place in a list")
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.at.timestamp_micros(), self.id)
    }
}

impl Ord for Cursor {
    /// What is greater comes first in a list: the newer one, at the same time one of ours.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.is_ours(), &self.id).cmp(&(other.at, other.is_ours(), &other.id))
    }
}

impl PartialOrd for Cursor {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What a list is asked for. The default is the newest of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// The tab.
    pub tab: Tab,
    /// Only this platform.
    pub platform: Option<Provider>,
    /// Only projects of this name.
    pub project: Option<String>,
    /// Only this repository, `owner/name`.
    pub repository: Option<String>,
    /// Only this branch.
    pub branch: Option<String>,
    /// Only rows with this text in them.
    pub text: Option<String>,
    /// Midnight UTC at the start of the first day.
    pub from: Option<Timestamp>,
    /// Midnight UTC at the start of the last day.
    pub to: Option<Timestamp>,
    /// Only what comes after this row.
    pub after: Option<Cursor>,
}

impl ListQuery {
    /// The parameters of an address, and the names of those that are not understood.
    pub fn read(parameter: &dyn Fn(&str) -> Option<String>) -> (Self, Vec<&'static str>) {
        let mut refused = Vec::new();
        let mut value = |name: &'static str, check: &dyn Fn(&str) -> bool| {
            let value =
                parameter(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())?;
            let fits = value.len() <= LONGEST && check(&value);
            if !fits {
                refused.push(name);
            }
            fits.then_some(value)
        };
        let any = |_: &str| true;
        let tab = value("tab", &|name| tab(name).is_some());
        let platform = value("platform", &|name| name.parse::<Provider>().is_ok());
        let from = value("from", &|day| read_day(day).is_some());
        let to = value("to", &|day| read_day(day).is_some());
        let after = value("after", &|text| Cursor::read(text).is_some());
        let query = Self {
            tab: tab.and_then(|name| self::tab(&name)).unwrap_or_default(),
            platform: platform.and_then(|name| name.parse().ok()),
            project: value("project", &any),
            repository: value("repository", &any),
            branch: value("branch", &any),
            text: value("q", &any),
            from: from.and_then(|day| read_day(&day)),
            to: to.and_then(|day| read_day(&day)),
            after: after.and_then(|text| Cursor::read(&text)),
        };
        (query, refused)
    }

    /// The address of this list below `path`. The repository is left out where `path` names it.
    pub fn href(&self, path: &str) -> String {
        let tab = (self.tab != Tab::All).then(|| self.tab.as_str().to_owned());
        let repository = self.repository.clone().filter(|_| !path.starts_with("/repos/"));
        let parameters = [
            ("tab", tab),
            ("platform", self.platform.map(|platform| platform.as_str().to_owned())),
            ("project", self.project.clone()),
            ("repository", repository),
            ("branch", self.branch.clone()),
            ("q", self.text.clone()),
            ("from", self.from.map(day)),
            ("to", self.to.map(day)),
            ("after", self.after.as_ref().map(Cursor::to_string)),
        ];
        let mut href = path.to_owned();
        let given = parameters.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        for (index, (name, value)) in given.enumerate() {
            href.push(if index == 0 { '?' } else { '&' });
            href.push_str(name);
            href.push('=');
            escape(&value, &mut href);
        }
        href
    }

    /// The same, from its newest row on.
    pub fn newest(&self) -> Self {
        Self { after: None, ..self.clone() }
    }

    /// Something beside the tab and the page's repository narrows it.
    pub fn is_narrowed(&self) -> bool {
        self.platform.is_some() || self.project.is_some() || self.has_row_filter()
    }

    /// Something narrows it that is not known of a whole project.
    pub fn has_row_filter(&self) -> bool {
        self.branch.is_some() || self.text.is_some() || self.from.is_some() || self.to.is_some()
    }

    /// The first moment after the last day.
    pub fn end(&self) -> Option<Timestamp> {
        self.to.map(|day| day + TimeDelta::days(1))
    }

    /// Whether it asks for this project.
    pub fn takes_project(&self, project: &ProjectSummary) -> bool {
        self.takes_project_of(project.provider, &project.name, &project.repository)
            && self.has_text(&project.name, &project.repository)
    }

    /// Whether the text is in the name of a project or of its repository.
    pub fn has_text(&self, name: &str, repository: &str) -> bool {
        self.text.as_deref().is_none_or(|text| has(name, text) || has(repository, text))
    }

    /// Whether it asks for deployments of a project with these facts.
    pub fn takes_project_of(&self, provider: Provider, name: &str, repository: &str) -> bool {
        self.platform.is_none_or(|platform| platform == provider)
            && self.project.as_deref().is_none_or(|wanted| wanted == name)
            && self.repository.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(repository))
    }

    /// Whether a row belongs on the list, whatever its page.
    pub fn takes(&self, row: &DeploymentRow) -> bool {
        let at = row.at();
        self.tab.takes(row)
            && row
                .key()
                .is_some_and(|(provider, _)| self.takes_project_of(provider, row.project(), row.repository()))
            && self.from.is_none_or(|from| at.is_some_and(|at| at >= from))
            && self.end().is_none_or(|end| at.is_some_and(|at| at < end))
            && self.takes_words(row)
    }

    /// Whether a row has the branch and the text that are asked for.
    pub fn takes_words(&self, row: &DeploymentRow) -> bool {
        self.branch.as_deref().is_none_or(|branch| row.branch() == Some(branch))
            && self.text.as_deref().is_none_or(|text| row.contains(text))
    }
}

fn tab(name: &str) -> Option<Tab> {
    Tab::ALL.into_iter().find(|tab| tab.as_str() == name)
}

/// `2026-11-24`, in UTC.
pub fn day(at: Timestamp) -> String {
    format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day())
}

/// Midnight UTC at the start of `2026-11-24`.
pub fn read_day(text: &str) -> Option<Timestamp> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(date.and_time(NaiveTime::MIN).and_utc())
}

/// Percent-encoding of everything that is not plain (RFC 3986, 2.3).
fn escape(text: &str, into: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                into.push(byte.into())
            }
            _ => into.extend([
                '%',
                DIGITS[usize::from(byte >> 4)].into(),
                DIGITS[usize::from(byte & 15)].into(),
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FixSummary;

    fn read(address: &str) -> (ListQuery, Vec<&'static str>) {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let pairs: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), unescape(value)))
            .collect();
        ListQuery::read(&|name| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
    }

    fn unescape(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, tail @ ..] = rest {
            let (byte, after) = match (first, tail) {
                (b'%', [high, low, after @ ..]) => {
                    let hex = String::from_utf8(vec![*high, *low]).unwrap_or_default();
                    (u8::from_str_radix(&hex, 16).unwrap_or_default(), after)
                }
                _ => (*first, tail),
            };
            bytes.push(byte);
            rest = after;
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    fn fix(status: FixStatus) -> DeploymentRow {
        let at = Timestamp::UNIX_EPOCH + TimeDelta::days(20_000);
        let fix = FixSummary {
            id: "01J".into(),
            provider: Provider::VERCEL,
            platform_deployment_id: "dpl_1".into(),
            project_name: "shop-web".into(),
            repository: "acme/shop".into(),
            branch: Some("main".into()),
            commit_sha: Some("0123456789".into()),
            status,
            error_message: Some("Type error in Cart.tsx".into()),
            reason_code: None,
            reason: None,
            pr_url: None,
            pr_number: None,
            attempt: 1,
            created_at: at,
            completed_at: None,
        };
        DeploymentRow { deployment: None, fix: Some(fix), unreachable: false }
    }

    #[test]
    fn addresses_are_read_back() {
        for address in [
            "/deployments",
            "/deployments?tab=failed&platform=render&project=a%20b%26c&branch=feat/%C3%BC&q=100%25&from=2026-01-31&to=2026-02-01",
            "/deployments?after=1800000000000000-01J",
            "/deployments?repository=acme/shop&after=1-vercel:dpl_x",
        ] {
            let (query, refused) = read(address);
            assert_eq!((query.href("/deployments").as_str(), refused.len()), (address, 0));
        }
        let (query, _) = read("?repository=acme/shop");
        assert_eq!(query.href("/repos/acme/shop/deployments"), "/repos/acme/shop/deployments");
    }

    #[test]
    fn what_is_not_understood_is_named_and_left_out() {
        let (query, refused) =
            read("?tab=x&platform=heroku&from=2026-02-30&to=tomorrow&after=1&branch=main&q=");
        assert_eq!(refused, ["tab", "platform", "from", "to", "after"]);
        assert_eq!(query, ListQuery { branch: Some("main".into()), ..ListQuery::default() });
    }

    #[test]
    fn rows_fit_by_everything_that_is_asked_for() {
        let row = fix(FixStatus::Pending);
        for (address, fits) in [
            ("?", true),
            ("?tab=failed", true),
            ("?tab=fixed", false),
            ("?tab=success", false),
            ("?platform=vercel&project=shop-web&branch=main", true),
            ("?platform=render", false),
            ("?project=shop", false),
            ("?branch=mai", false),
            ("?q=cart", true),
            ("?q=01234", true),
            ("?q=234", false),
            ("?repository=Acme/Shop", true),
            ("?repository=acme/other", false),
            ("?from=2024-10-04&to=2024-10-04", true),
            ("?from=2024-10-05", false),
            ("?to=2024-10-03", false),
        ] {
            assert_eq!(read(address).0.takes(&row), fits, "{address}");
        }
        assert!(read("?tab=fixed").0.takes(&fix(FixStatus::Merged)));
    }

    #[test]
    fn newer_rows_come_first_and_ours_at_the_same_time() {
        let at = |micros| Timestamp::from_timestamp_micros(micros).unwrap_or_default();
        let cursor = |micros, id: &str| Cursor { at: at(micros), id: id.into() };
        let sorted = [
            cursor(2, "vercel:a"),
            cursor(1, "01B"),
            cursor(1, "01A"),
            cursor(1, "render:z"),
            cursor(0, "01Z"),
        ];
        assert!(sorted.windows(2).all(|pair| pair[0] > pair[1]));
    }
}
