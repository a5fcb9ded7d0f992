"""How credentials are written: one row a kind.

Only formats that their issuers make unmistakable; nothing is guessed from how random a text seems. A row that names a
detector of the library only proposes: the library decides (see `library`). The other rows are formats that it lacks.
Patterns take bytes. They cannot backtrack far: each repeat is bounded and possessive, or ends at a byte it cannot take.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from codereader.pack.secrets.anchor import Anchor


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """A kind of credential, in words, and how it is written.

    Each match of `pattern` holds one of `anchors`, so many bytes after its beginning as one of `before` says. The group
    ``secret`` is what must not be shown, the whole match where there is no such group. `detector` is the library's
    that decides, `accept` a last look at a match.
    """

    kind: str
    anchors: tuple[Anchor, ...]
    pattern: re.Pattern[bytes]
    before: tuple[int, ...] = (0,)
    detector: str | None = None
    accept: Callable[[re.Match[bytes]], bool] | None = None

    def match(self, data: bytes, at: int) -> re.Match[bytes] | None:
        """Return the match in *data* around an anchor that begins at *at*."""
        for before in self.before:
            found = self.pattern.match(data, at - before) if at >= before else None
            if found and (self.accept is None or self.accept(found)):
                return found
        return None


def _format(kind: str, anchors: str, pattern: bytes, *before: int, fold: bool = False) -> Format:
    """Return the format of *kind*; *anchors* are parted by spaces."""
    made = tuple(Anchor(anchor, fold) for anchor in anchors.split())
    return Format(kind, made, re.compile(pattern, re.IGNORECASE * fold), before or (0,))


_START = rb"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))"
"""Where a token may begin: not inside a word, but after an escape in a string or in a URL."""

_MIXED = rb"(?=[A-Za-z_-]{0,60}\d)(?=[A-Z\d_-]{0,60}[a-z])(?=[a-z\d_-]{0,60}[A-Z])"
"""Soon a digit, a small and a capital letter: no name that a person chose."""


def _token(kind: str, anchors: str, body: bytes) -> Format:
    """Return the format of tokens that begin with one of *anchors*, not inside a word, and go on as *body*."""
    starts = b"|".join(re.escape(anchor.encode()) for anchor in sorted(anchors.split(), key=len, reverse=True))
    return _format(kind, anchors, _START + b"(?:" + starts + b")" + body)


def _proposed(kind: str, detector: str, anchors: str, pattern: bytes, *before: int, fold: bool = False) -> Format:
    """Return a format that *detector* of the library decides on: *pattern* takes whatever that one may take."""
    made = _format(kind, anchors, pattern, *before, fold=fold)
    return Format(kind, made.anchors, made.pattern, made.before, detector)


_HEX = "0 1 2 3 4 5 6 7 8 9 a b c d e f".split()

PROPOSED = (
    _proposed("AWS access key", "aws.AWSKeyDetector", "A3T ABIA ACCA AKIA ASIA", rb"A[A-Z0-9]{19}(?![A-Za-z0-9_])"),
    _proposed(
        "AWS secret key",
        "aws.AWSKeyDetector",
        "aws",
        rb"aws.{0,20}?(?:key|pwd|pw|pass|token).{0,20}?\b(?P<secret>(?![0-9a-fA-F]{40})[0-9a-zA-Z/+]{40})\b",
        fold=True,
    ),
    _proposed(
        "GitHub token", "github_token.GitHubTokenDetector", "ghp_ gho_ ghu_ ghs_ ghr_", rb"gh._[A-Za-z0-9_]{36,255}+"
    ),
    _proposed("npm token", "npm.NpmDetector", "npm_", rb"npm_[A-Za-z0-9-]{36,255}+"),
    _proposed(
        "npm token",
        "npm.NpmDetector",
        "_authToken NPM_TOKEN NPM-TOKEN NPMTOKEN",
        rb"(?:_authToken|NPM[ _-]?TOKEN)[\s\S]{0,5}?(?:NpmToken\.)?(?P<secret>[a-z0-9-]{36})",
    ),
    _proposed("SendGrid key", "sendgrid.SendGridDetector", "SG.", rb"SG\.[\w-]{22}\.[\w-]{43}"),
    _proposed(
        "Slack token",
        "slack.SlackDetector",
        "xoxa- xoxb- xoxp- xoxo- xoxs- xoxr-",
        rb"xox.-(?:\d{1,30}-){1,8}[\w-]{1,255}+",
        fold=True,
    ),
    _proposed(
        "Slack webhook",
        "slack.SlackDetector",
        "hooks.slack.com",
        rb"https://hooks\.slack\.com/[\w/]{10,255}+",
        8,
        fold=True,
    ),
    _proposed("Square secret", "square_oauth.SquareOAuthDetector", "sq0csp-", rb"sq0csp-[\w\\-]{43}"),
    _proposed(
        "JSON web token",
        "jwt.JwtTokenDetector",
        "eyJ",
        rb"(?<![\w.-])eyJ[\w-]{8,4000}+\.[\w-]{2,8000}+\.?[\w.+/=-]{0,2000}+",
    ),
    _proposed(
        "Mailchimp key",
        "mailchimp.MailchimpDetector",
        " ".join(f"-us{n}" for n in range(1, 10)),
        rb"[0-9a-z]{32}-us[0-9]{1,2}",
        32,
    ),
    _proposed(
        "Twilio key",
        "twilio.TwilioKeyDetector",
        " ".join(f"SK{n}" for n in _HEX),
        rb"(?<![A-Za-z0-9])SK[a-f0-9]{32}(?![A-Za-z0-9])",
    ),
)
"""What the library decides on. (An account id of Twilio, ``AC...``, is no credential and not proposed.)"""

_SNOWFLAKE = rb"(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){6}"
"""The base64 of eighteen digits."""

_UUID = rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"

OWN = (
    _format(
        "AWS secret key",
        "secretaccessk secret_access_k",
        rb"secret_?access_?key[\"'\]]{0,2}\s{0,8}[:=>,]{1,3}\s{0,8}[\"']?(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        fold=True,
    ),
    _token("AWS session token", "IQoJb3JpZ2lu FwoGZXIvYXdz", rb"[A-Za-z0-9+/]{100,3000}+={0,2}"),
    _token("AWS Bedrock key", "ABSK", rb"[A-Za-z0-9+/]{109,269}+={0,2}"),
    _token("Alibaba Cloud key", "LTAI", rb"[A-Za-z0-9]{17,21}(?![A-Za-z0-9])"),
    _token("Google API key", "AIza", rb"[\w-]{35}(?![\w-])"),
    _token("Google OAuth secret", "GOCSPX-", rb"[\w-]{28,40}+"),
    _token("Google OAuth token", "ya29.", rb"[\w.-]{30,2000}+"),
    _format("Azure storage key", "AccountKey=", rb"AccountKey=(?P<secret>[A-Za-z0-9+/]{86}==)"),
    _format(
        "Azure storage key", "+ASt ACDb", rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{76}(?:\+ASt|ACDb)[A-Za-z0-9+/]{6}==", 76
    ),
    _format("Azure DevOps token", "AZDO", rb"(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])", 76),
    _format("Azure shared key", "SharedAccessKey=", rb"SharedAccessKey=(?P<secret>[A-Za-z0-9+/]{43}=)"),
    _format(
        "Azure signature", "&sig= ?sig=", rb"[&?]sig=(?P<secret>(?:[A-Za-z0-9/+]|%(?!3D)[0-9A-F]{2}){40,80}+(?:=|%3D))"
    ),
    _format(
        "Azure client secret",
        " ".join(f"{n}Q~" for n in range(10)),
        rb"(?<![\w~.-])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])",
        3,
    ),
    _token("GitHub token", "github_pat_", rb"\w{60,255}+"),
    _token("GitHub token", "ghs_", rb"\d{1,20}_[\w-]{1,1000}+\.[\w-]{1,10000}+\.[\w-]{1,1000}+"),
    _token(
        "GitLab token",
        "glpat- gldt- glft- glsoat- glrt- glptt- glimt- glagent- gloas- glffct- glwt-",
        rb"[\w.-]{20,1024}+",
    ),
    _token("GitLab token", "glcbt- GR1348941", rb"[\w-]{20,60}+"),
    _token("Atlassian token", "ATATT3xFfGF0 ATCTT3xFfGF0", rb"[\w=-]{100,400}+"),
    _token("Bitbucket token", "ATBB", rb"[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    _token("OpenAI key", "sk-proj- sk-svcacct- sk-admin-", rb"[\w-]{40,255}+"),
    _token("OpenAI key", "sk-", rb"(?:[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|[A-Za-z0-9]{48}|[0-9a-f]{32})(?![\w-])"),
    _token("Anthropic key", "sk-ant-", rb"[a-z]{2,8}\d\d-[\w-]{60,255}+"),
    _token("OpenRouter key", "sk-or-v1-", rb"[0-9a-f]{64}"),
    _token("Hugging Face token", "hf_", rb"(?=[a-z]*[A-Z])(?=[A-Z]*[a-z])[A-Za-z]{34}(?![A-Za-z0-9_])"),
    _token("Hugging Face token", "api_org_", rb"(?=[a-z]*[A-Z])(?=[A-Z]*[a-z])[A-Za-z]{34}(?![A-Za-z0-9_])"),
    _token("NVIDIA key", "nvapi-", rb"[\w-]{60,70}+"),
    _token("LangSmith key", "lsv2_pt_ lsv2_sk_", rb"[0-9a-f]{32}_[0-9a-f]{10}(?!\w)"),
    _token("Tavily key", "tvly-", _MIXED + rb"[\w-]{32,64}+"),
    _token("Pinecone key", "pcsk_", rb"[A-Za-z0-9]{4,8}_[A-Za-z0-9]{50,80}+"),
    _token("Together key", "tgp_v1_", rb"[\w-]{43}(?![\w-])"),
    _token("Groq key", "gsk_", rb"[A-Za-z0-9]{52}(?!\w)"),
    _token("Replicate token", "r8_", rb"[A-Za-z0-9]{37}(?!\w)"),
    _token("xAI key", "xai-", rb"[A-Za-z0-9]{80}(?!\w)"),
    _token("Perplexity key", "pplx-", rb"[A-Za-z0-9]{48}(?!\w)"),
    _token("PyPI token", "pypi-AgE", rb"[\w-]{50,1000}+"),
    _token("RubyGems key", "rubygems_", rb"[0-9a-f]{48}(?!\w)"),
    _token("NuGet key", "oy2", rb"[a-z0-9]{43}(?!\w)"),
    _token("Docker Hub token", "dckr_pat_ dckr_oat_", rb"[\w-]{27,64}+"),
    _format(
        "Slack webhook",
        "hooks.slack.com",
        rb"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[\w/]{20,255}+)",
    ),
    _format(
        "Discord token",
        "discord",
        rb"discord[^\n]{0,60}?(?<![A-Za-z0-9])(?P<secret>" + _SNOWFLAKE + rb"[\w-]{0,4}\.[\w-]{6}\.[\w-]{27,38}+)",
        fold=True,
    ),
    _format(
        "Discord token",
        ".login( t.run( Bot",
        rb"(?:\.login\(|t\.run\(|Bot)[ \"']{1,2}(?P<secret>" + _SNOWFLAKE + rb"[\w-]{0,4}\.[\w-]{6}\.[\w-]{27,38}+)",
    ),
    _token("Slack token", "xoxe. xoxe- xoxc- xoxd- xapp-", rb"[\w.%/+-]{20,400}+"),
    _format("Discord webhook", "/api/webhooks/", rb"/api/webhooks/\d{15,22}/(?P<secret>[\w-]{60,80}+)"),
    _format(
        "Teams webhook",
        "webhook.office.com/webhookb2/",
        rb"webhook\.office\.com/webhookb2/(?P<secret>[\w@/-]{60,255}+)",
    ),
    _format("Telegram token", ":AA", rb"(?<![\w:])\d{8,10}:AA[\w-]{33}(?![\w-])", 10, 9, 8),
    _format("Stripe key", "k_live_ k_test_", rb"(?<![A-Za-z0-9])[rs]k_(?:live|test)_[A-Za-z0-9]{24,247}+", 1),
    _token("Stripe webhook secret", "whsec_", rb"[A-Za-z0-9+/]{32,64}+"),
    _token("Square token", "EAAA", rb"[\w-]{60}(?![\w-])"),
    _token("Facebook token", "EAAM EAAC EAAG", rb"[A-Za-z0-9]{100,400}+"),
    _token("Flutterwave key", "FLWSECK-", rb"[0-9a-f]{32}-X"),
    _token("Flutterwave key", "FLWSECK_TEST-", rb"[0-9a-fA-F]{12,32}(?:-X)?"),
    _token("EasyPost key", "EZAK EZTK", rb"[A-Za-z0-9]{54}(?!\w)"),
    _token("Shippo token", "shippo_live_ shippo_test_", rb"[a-f0-9]{40}(?!\w)"),
    _token("Duffel token", "duffel_live_ duffel_test_", rb"[\w=-]{43}(?![\w-])"),
    _token("Square token", "sq0atp- sq0idp-", rb"[\w-]{22}(?![\w-])"),
    _format("Braintree token", "access_token$production$", rb"access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    _token("Plaid token", "access-production- access-development- access-sandbox-", _UUID),
    _token("Shopify token", "shpat_ shpca_ shppa_ shpss_", rb"[A-Za-z0-9]{32,255}+"),
    _token("Brevo key", "xkeysib-", rb"[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    _token("Mailgun key", " ".join(f"key-{n}" for n in _HEX), rb"[0-9a-f]{31}(?![\w-])"),
    _token("Mapbox token", "sk.eyJ", rb"[\w-]{30,300}+\.[\w-]{22}(?![\w-])"),
    _format(
        "Airtable token",
        "airtable",
        rb"airtable[^\n]{0,60}?(?<![A-Za-z0-9])(?P<secret>pat[A-Za-z0-9]{14}\.[a-f0-9]{64})(?!\w)",
        fold=True,
    ),
    _format("Firebase key", ":APA91b", rb"(?<![\w-])AAAA[\w-]{7}:APA91b[\w-]{134}(?![\w-])", 11),
    _token("Vercel token", "vcp_ vci_ vca_ vcr_ vck_", _MIXED + rb"[A-Za-z0-9]{20,255}+"),
    _token("Cloudflare token", "cfk_ cfut_ cfat_", rb"[A-Za-z0-9]{40}[0-9a-f]{8}(?!\w)"),
    _token("Cloudflare key", "v1.0-", rb"[a-f0-9]{24}-[a-f0-9]{146}(?!\w)"),
    _token("Netlify token", "nfp_", rb"[A-Za-z0-9]{36}(?!\w)"),
    _token("Neon key", "napi_", rb"[a-z0-9]{60,70}(?!\w)"),
    _token("Fly token", "fo1_", rb"[\w-]{43}(?![\w-])"),
    _token("Fly token", "fm1r_ fm1a_ fm2_", rb"[A-Za-z0-9+/]{100,3000}+={0,3}"),
    _token("Scalingo token", "tk-us-", rb"[\w-]{48}(?![\w-])"),
    _token("Aiven password", "AVNS_", rb"[\w-]{19}(?![\w-])"),
    _token("DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_", rb"[a-f0-9]{64}"),
    _token("Heroku key", "HRKU-", rb"[\w-]{36,64}+"),
    _token("Vault token", "hvs. hvb. hvr.", rb"[\w-]{24,300}+"),
    _format("Terraform Cloud token", ".atlasv1.", rb"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,80}+", 14),
    _token("Databricks token", " ".join(f"dapi{n}" for n in (*_HEX, *"ABCDEF")), rb"[a-fA-F0-9]{31}(?:-\d)?(?!\w)"),
    _token("Grafana token", "glsa_", rb"[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}(?!\w)"),
    _token("Grafana token", "glc_", _MIXED + rb"[A-Za-z0-9+/]{32,400}+={0,2}"),
    _token("New Relic key", "NRAK-", rb"[A-Z0-9]{27}"),
    _token("New Relic key", "NRII-", _MIXED + rb"[\w-]{32}(?!\w)"),
    _token("Sentry token", "sntrys_eyJ sntryu_", rb"[\w+/=]{60,400}+"),
    _token("Dynatrace token", "dt0c01.", rb"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    _token("Postman key", "PMAK-", rb"[a-f0-9]{24}-[a-f0-9]{34}"),
    _token("Pulumi token", "pul-", rb"[a-f0-9]{40}"),
    _token("Doppler token", "dp.pt. dp.st. dp.ct. dp.sa.", rb"[\w.-]{40,64}+"),
    _token("Linear key", "lin_api_ lin_oauth_", rb"\w{32,255}+"),
    _token("Notion token", "ntn_", rb"[A-Za-z0-9]{46}"),
    _token("Notion token", "secret_", _MIXED + rb"[A-Za-z0-9]{43}(?!\w)"),
    _token("Figma token", "figd_", rb"[\w-]{38,255}+"),
    _token("Supabase token", "sbp_", rb"[a-f0-9]{40}(?!\w)"),
    _token("Supabase key", "sb_secret_", rb"[\w-]{31,64}+"),
    _token("PlanetScale token", "pscale_tkn_ pscale_pw_ pscale_oauth_", rb"[\w.=-]{32,64}+"),
    _token("Tailscale key", "tskey-", rb"[a-z]{2,20}-\w{8,64}-\w{16,255}+"),
    _token("CircleCI token", "CCIPAT_", rb"[A-Za-z0-9]{22}_[a-f0-9]{40}"),
    _token("Buildkite token", "bkua_", rb"[a-z0-9]{40,53}+"),
    _token("Artifactory key", "AKCp", rb"[A-Za-z0-9]{69}(?![A-Za-z0-9])"),
    _token("1Password token", "ops_eyJ", rb"[A-Za-z0-9+/=]{100,4000}+"),
    _token(
        "1Password key",
        "A3-",
        rb"[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}(?![A-Z0-9-])",
    ),
    _token("Cargo registry token", "cio", _MIXED + rb"[A-Za-z0-9]{32}(?!\w)"),
    _token("Clojars token", "CLOJARS_", rb"[a-z0-9]{60}"),
    _token("Artifactory token", "cmVmdGtu", rb"[A-Za-z0-9]{56}(?![A-Za-z0-9])"),
    _token("Sourcegraph token", "sgp_", rb"(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}(?!\w)"),
    _token("Sourcegraph token", "slk_", rb"[0-9a-f]{64}(?!\w)"),
    _token("OpenShift token", "sha256~", rb"[\w-]{43}(?![\w-])"),
    _token("Prefect key", "pnu_", rb"[A-Za-z0-9]{36}(?!\w)"),
    _token("Octopus key", "API-", rb"(?=[A-Z]{0,25}\d)[A-Z0-9]{26}(?![\w-])"),
    _token("Infracost key", "ico-", _MIXED + rb"[A-Za-z0-9]{32}(?![\w-])"),
    _token("Dropbox token", "sl.u.", rb"[\w-]{100,2000}+"),
    _token("Typeform token", "tfp_", _MIXED + rb"[\w.=-]{59}(?![\w-])"),
    _token("ReadMe key", "rdme_", rb"[a-z0-9]{70}(?!\w)"),
    _token("HubSpot token", "pat-na1- pat-na2- pat-eu1- pat-ap1-", _UUID),
    _token("Axiom token", "xaat- xapt-", _UUID),
    _token("Contentful token", "CFPAT-", rb"[\w-]{43}(?![\w-])"),
    _token("Apify token", "apify_api_", rb"[A-Za-z0-9]{34,40}+"),
    _token("PostHog key", "phx_", _MIXED + rb"[A-Za-z0-9]{40,50}(?!\w)"),
    _token("E2B key", "e2b_", rb"[0-9a-f]{40}(?!\w)"),
    _token("Frame.io token", "fio-u-", rb"[\w=-]{64}(?![\w-])"),
    _token("Intra42 secret", "s-s4t2ud- s-s4t2af-", rb"[0-9a-f]{64}"),
    _token("Yandex key", "AQVN", _MIXED + rb"[\w-]{35,38}(?![\w-])"),
    _format("MaxMind key", "_mmk", rb"(?<!\w)[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk(?!\w)", 36),
    _token("Google refresh token", "1//0", rb"[\w-]{90,200}+"),
    _token("Django key", "django-insecure-", rb"[^\s\"'\\]{30,64}+"),
    _format(
        "Rails key",
        "secret_key_base",
        rb"secret_key_base[\"']?\s{0,4}[:=]{1,2}>?\s{0,4}[\"']?(?P<secret>[0-9a-f]{64,128}+)",
    ),
    _format(
        "npm token",
        ":_authToken :_auth :_password",
        rb":_(?:authToken|auth|password) ?= ?[\"']?"
        rb"(?P<secret>(?=[^\s\"']{0,200}\d)[^\s\"'$<>{}()*%]{16,2000}+)(?![$<{(])",
    ),
    _token("age key", "AGE-SECRET-KEY-1", rb"[A-Z0-9]{58}"),
    _format(
        "WireGuard key",
        "PrivateKey PresharedKey",
        rb"(?:PrivateKey|PresharedKey)[\"']?[ \t]{0,8}[=:][ \t]{0,8}[\"']?(?P<secret>[A-Za-z0-9+/]{43}=)",
    ),
)
"""Formats that the library lacks, or knows only an old spelling of."""
