//! A browser without scripts: keeps cookies, follows links and redirects, fills
//! in the forms that stand on the page it is on.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::HeaderMap;

/// What a page is, once it is there.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The address it came from, without the origin.
    pub address: String,
    /// After redirects.
    pub status: u16,
    /// Of the last answer.
    pub headers: HeaderMap,
    /// The page itself.
    pub html: String,
}

/// One person's browser at one server.
pub struct Browser {
    base: String,
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub language: String,
    /// The page it stands on.
    pub page: Seen,
}

/// The value of an attribute in a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag[at..].split('"').next()?;
    Some(
        value
            .replace("&#38;", "&")
            .replace("&amp;", "&")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&#60;", "<")
            .replace("&#62;", ">"),
    )
}

/// The fields of a form as a browser would send them untouched.
fn fields(form: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in form.split('<').skip(1) {
        let Some((tag, rest)) = part.split_once('>') else { continue };
        let Some(name) = attribute(tag, "name") else { continue };
        let kind = attribute(tag, "type").unwrap_or_default();
        if tag.starts_with("input") {
            let unchecked = matches!(kind.as_str(), "checkbox" | "radio") && !tag.contains(" checked");
            if !unchecked && kind != "submit" && kind != "file" {
                found.push((name, attribute(tag, "value").unwrap_or_else(|| "on".into())));
            }
        } else if tag.starts_with("textarea") {
            found.push((name, rest.to_owned()));
        } else if tag.starts_with("select") {
            let options =
                form.split(&format!("name=\"{name}\"")).nth(1).and_then(|rest| rest.split("</select>").next()).unwrap_or_default();
            let chosen = options.split("<option").skip(1).find(|option| option.contains(" selected")).or(options.split("<option").nth(1));
            found.push((name, chosen.and_then(|option| attribute(option, "value")).unwrap_or_default()));
        }
    }
    found
}

impl Browser {
    pub fn new(base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base: base.to_owned(), http, cookies: BTreeMap::new(), language: "en".into(), page: Seen::default() }
    }

    /// A cookie, if the server has set it.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.into(), value.into());
    }

    /// One request; redirects are followed by GET, as browsers do.
    async fn go(&mut self, method: Method, address: &str, form: &[(String, String)]) -> &Seen {
        let (mut method, mut address) = (method, address.to_owned());
        for _ in 0..8 {
            let path = address.strip_prefix(&self.base).unwrap_or(&address).to_owned();
            assert!(path.starts_with('/'), "{address} leads away from {}", self.base);
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
            request = request.header("accept", "text/html").header("accept-language", &self.language).header("cookie", cookies.join("; "));
            if method == Method::POST {
                request = request.form(form);
            }
            let response = request.send().await.unwrap();
            for set in response.headers().get_all("set-cookie") {
                let text = set.to_str().unwrap();
                let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
                if text.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.into(), value.into());
                }
            }
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            if let Some(next) = headers.get("location").filter(|_| (300..400).contains(&status)) {
                address = next.to_str().unwrap().to_owned();
                method = Method::GET;
                continue;
            }
            self.page = Seen { address: path, status, headers, html: response.text().await.unwrap() };
            return &self.page;
        }
        panic!("{address} sends the browser in circles");
    }

    pub async fn open(&mut self, address: &str) -> &Seen {
        self.go(Method::GET, address, &[]).await
    }

    /// Follows the first link whose address contains `part`.
    #[track_caller]
    pub fn link(&self, part: &str) -> String {
        let found = self.page.html.split("<a ").skip(1).filter_map(|tag| attribute(&format!(" {}", tag.split('>').next()?), "href"));
        found
            .into_iter()
            .find(|href| href.contains(part))
            .unwrap_or_else(|| panic!("no link to {part} on {}:\n{}", self.page.address, self.page.html))
    }

    pub async fn follow(&mut self, part: &str) -> &Seen {
        let address = self.link(part);
        self.open(&address).await
    }

    /// Sends the form whose action contains `action`, with some fields filled in.
    pub async fn submit(&mut self, action: &str, filled: &[(&str, &str)]) -> &Seen {
        self.submit_to(action, None, filled).await
    }

    /// The same by a button that leads elsewhere.
    pub async fn submit_to(&mut self, action: &str, elsewhere: Option<&str>, filled: &[(&str, &str)]) -> &Seen {
        let html = self.page.html.clone();
        let forms: Vec<_> = html
            .split("<form ")
            .skip(1)
            .filter_map(|form| {
                let (tag, body) = form.split_once('>')?;
                let target = attribute(&format!(" {tag}"), "action")?;
                Some((tag.to_owned(), target, body.split("</form>").next().unwrap_or_default().to_owned()))
            })
            .collect();
        let exact = forms.iter().find(|(_, target, _)| target == action);
        let form = exact.or_else(|| forms.iter().find(|(_, target, _)| target.contains(action))).cloned();
        let Some((tag, target, body)) = form else { panic!("no form to {action} on {}:\n{html}", self.page.address) };
        let target = elsewhere.map_or(target, str::to_owned);
        let mut values = fields(&body);
        for (name, value) in filled {
            values.retain(|(have, _)| have != name);
            values.push(((*name).to_owned(), (*value).to_owned()));
        }
        if tag.contains("method=\"post\"") {
            return self.go(Method::POST, &target, &values).await;
        }
        let query = reqwest::Url::parse_with_params("http://x/", &values).unwrap();
        let address = format!("{target}?{}", query.query().unwrap_or_default());
        self.go(Method::GET, &address, &[]).await
    }

    #[track_caller]
    pub fn expect(&self, status: u16, text: &str) {
        assert_eq!(self.page.status, status, "{}:\n{}", self.page.address, self.page.html);
        assert!(self.page.html.contains(text), "{:?} is not on {}:\n{}", text, self.page.address, self.page.html);
    }
}
