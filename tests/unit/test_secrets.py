"""Credentials are found whatever shape they have, nothing else is, and nothing of them is shown."""

from __future__ import annotations

import base64
import json
import random
import string
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.pack.secrets import Find, Redactor, marker
from codereader.pack.secrets import anchor as anchor_module
from codereader.pack.secrets.find import find_secrets
from codereader.pack.secrets.formats import PROPOSED

CHANCE = random.Random(7)
HEX, LOW = "0123456789abcdef", string.ascii_lowercase + string.digits
UP, WORD = string.ascii_uppercase + string.digits, string.ascii_letters + string.digits + "_-"
B64 = string.ascii_letters + string.digits + "+/"


def made(length: int, characters: str = string.ascii_letters + string.digits) -> str:
    return "".join(CHANCE.choice(characters) for _ in range(length))


def told(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def pem(kind: str, size: int) -> str:
    body = base64.b64encode(CHANCE.randbytes(size)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"])


def uuid() -> str:
    return "-".join(made(length, HEX) for length in (8, 4, 4, 4, 12))


# name, what stands before the credential, the credential, what stands after it; put together here, so that nobody who
# looks through this repository takes them for real
PLANTED: list[tuple[str, str, str, str]] = [
    ("AWS key", "", "AK" + "IA" + made(16, UP[:26] + "234567"), ""),
    ("AWS session key", "", "AS" + "IA" + made(16, UP[:26] + "234567"), ""),
    ("AWS secret", "aws_secret_access_key = ", made(40, B64[:62]), ""),
    ("AWS secret in JSON", '"SecretAccessKey": "', made(40, B64[:62]), '"'),
    *((prefix, "", prefix + "_" + made(36), "") for prefix in ("gh" + "p", "gh" + "o", "gh" + "u", "gh" + "s")),
    ("GitHub, fine-grained", "", "github_" + "pat_" + made(22) + "_" + made(59), ""),
    ("GitLab", "", "glp" + "at-" + made(20, WORD), ""),
    ("GitLab runner", "", "glr" + "t-" + made(20, WORD), ""),
    ("Slack bot", "", "xo" + "xb-" + made(12, HEX[:10]) + "-" + made(12, HEX[:10]) + "-" + made(24), ""),
    ("Slack app", "", "xa" + "pp-1-A" + made(10, UP) + "-" + made(13, HEX[:10]) + "-" + made(64, HEX), ""),
    (
        "Slack webhook",
        "",
        "https://hooks.sl" + "ack.com/services/T" + made(8, UP) + "/B" + made(8, UP) + "/" + made(24),
        "",
    ),
    ("Stripe", "", "sk_" + "live_" + made(24), ""),
    ("Stripe test", "", "rk_" + "test_" + made(99), ""),
    ("Stripe webhook", "", "whs" + "ec_" + made(32), ""),
    ("Google", "", "AI" + "za" + made(35, WORD), ""),
    ("Google OAuth", "", "GOC" + "SPX-" + made(28, WORD), ""),
    ("Google token", "", "ya" + "29." + made(120, WORD), ""),
    ("Google service account", '{"private_key": "', json.dumps(pem("PRIVATE" + " KEY", 1200))[1:-1], '\\n"}'),
    ("Azure storage", "AccountName=x;AccountKey=", made(86, B64) + "==", ";EndpointSuffix=core"),
    ("Azure bus", "Endpoint=sb://x/;SharedAccessKey=", made(43, B64) + "=", ""),
    ("Azure signature", "https://x/c?sv=2022-11-02&sig=", made(43) + "%3D", ""),
    ("Azure client", "", made(3) + "8Q~" + made(33, WORD) + "a", ""),
    *((kind, "", pem(kind + "PRIVATE" + " KEY", 600), "") for kind in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")),
    ("PGP", "", pem("PGP PRIVATE" + " KEY BLOCK", 600), ""),
    ("Ed25519", "", pem("PRIVATE" + " KEY", 48), ""),
    ("kubeconfig", "client-key-data: ", base64.b64encode(pem("PRIVATE" + " KEY", 600).encode()).decode(), ""),
    ("npm", "", "np" + "m_" + made(36), ""),
    ("npmrc", "//registry/:_auth" + "Token=", uuid(), ""),
    ("PyPI", "", "pyp" + "i-AgEIcHlwaS5vcmc" + made(150, WORD), ""),
    ("OpenAI", "", "sk" + "-" + made(20) + "T3Blb" + "kFJ" + made(20), ""),
    ("OpenAI project", "", "sk" + "-proj-" + made(74, WORD) + "T3Blb" + "kFJ" + made(74, WORD), ""),
    ("Anthropic", "", "sk" + "-ant-api03-" + made(93, WORD) + "AA", ""),
    ("Hugging Face", "", "h" + "f_" + made(34, B64[:52]), ""),
    ("SendGrid", "", "S" + "G." + made(22, WORD) + "." + made(43, WORD), ""),
    ("Twilio", "", "S" + "K" + made(32, HEX), ""),
    ("Mailchimp", "", made(32, HEX) + "-us" + "12", ""),
    ("Shopify", "", "shp" + "at_" + made(32, HEX), ""),
    ("web token", "", told({"alg": "HS256"}) + "." + told({"sub": "1"}) + "." + made(43, WORD), ""),
    ("Postgres", "postgres://app:", "S3cr" + made(10), "@db.internal:5432/app"),
    ("MongoDB", "mongodb+srv://root:", made(16), "@c0.mongodb.net/x"),
    ("Redis", "redis://:", made(14), "@cache:6379/0"),
    ("SQL Server", "Server=tcp:x;Database=d;User ID=u;Password=", made(14) + "!", ";Encrypt=True"),
    ("DigitalOcean", "", "do" + "p_v1_" + made(64, HEX), ""),
    ("Databricks", "", "da" + "pi" + made(32, HEX), ""),
    ("Docker", "", "dck" + "r_pat_" + made(27, WORD), ""),
    ("Vault", "", "hv" + "s." + made(90, WORD), ""),
    ("Terraform", "", made(14) + ".atl" + "asv1." + made(67, WORD), ""),
    ("Telegram", "", made(9, HEX[1:10]) + ":A" + "A" + made(33, WORD), ""),
    ("WireGuard", "PrivateKey = ", made(43, B64) + "=", ""),
    ("age", "", "AGE-SECR" + "ET-KEY-1" + made(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"), ""),
    ("Tailscale", "", "tsk" + "ey-auth-" + made(12) + "CNTRL-" + made(32), ""),
    (
        "GitHub app",
        "",
        "gh" + "s_" + "12345678_" + told({"alg": "RS256"}) + "." + told({"iss": 1}) + "." + made(99),
        "",
    ),
    ("GitHub by OAuth", "https://", made(40, HEX), ":x-oauth-" + "basic@github.com/o/r.git"),
    ("npmrc, opaque", "//registry/:_auth" + "Token=", made(43) + "7", ""),
    ("Vercel", "", "vc" + "p_" + "aB3" + made(53), ""),
    ("Cloudflare", "", "cf" + "ut_" + made(40) + made(8, HEX), ""),
    ("MongoDB, unescaped", "mongodb://root:", "p#(" + made(12) + ")!", "@c0.internal/x"),
    ("netrc", "machine api.internal login me password ", made(14), ""),
    ("libpq", "host=db.internal user=app pass" + "word=", "x9" + made(12), ""),
    ("AWS session", "", "IQoJb3" + "JpZ2lu" + made(300, B64), ""),
    ("1Password", "", "A3-" + "-".join(made(length, UP) for length in (6, 6, 5, 5, 5, 5)), ""),
    ("Discord", "discord_token = '", "MTAxMjM0NTY3ODkwMTIzNDU2" + "." + made(6) + "." + made(38, WORD), "'"),
]


@pytest.mark.parametrize(("before", "secret", "after"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED])
def test_a_credential_is_replaced(before: str, secret: str, after: str) -> None:
    """Nothing of it is left, what stands around it is, and lines keep their numbers."""
    text = f"first\nkey: {before}{secret}{after}\nlast\n"
    redact = Redactor(lambda _: text)

    shown = redact("a.cfg", text)

    assert secret not in shown
    assert secret[-16:] not in shown
    assert shown.startswith(f"first\nkey: {before}[secret removed: ")
    assert shown.endswith(f"{after}\nlast\n")
    assert text.count("\n") == shown.count("\n")
    assert [("a.cfg", 2)] == [(find.path, find.line) for find in redact.finds]


NOTHING = [
    "https://user:password@example.org/",
    "postgres://postgres:postgres@localhost/db",
    'url = "https://" + user + ":" + password + "@" + host',
    "https://%s:%s@%s/ and https://${USER}:${PASS}@host and https://<user>:<pass>@host",
    "re.compile(r'://([^:]+):([^@]+)@')",
    "uses: aws-actions/configure-aws-credentials@e3dd6a429d7300a6a4c196c26e071d42e0343502",
    "if line == '-----BEGIN {0}-----':\n    read()\nelif line == '-----END {0}-----':\n    done()".format(
        "PRIVATE" + " KEY"
    ),
    "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "integrity sha512-" + "OlccjNYZ5+4FaNyvs0kb3N5H6U/QCKlKPTGsgUo8IZkqfMQu8ALI1XD6l/BCuTKto+OO9xUPObT/W7JhbqJ5nA==",
    "sbp_management_request_query_logins(sk_test_bit, task-struct)",
    "password = input('password: ')",
    "http://host:8080/path@v2",
    "connect(host=name, password=self.password, uid=me.uid); connect(host=a, password=getpass())",
    "//packages.example.org/:_auth" + "Token=${NPM_TOKEN} and :_auth" + "Token=YOUR_TOKEN_GOES_HERE",
    "machine example.org login user password secret",
]


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_looks_like_one_is_shown(text: str) -> None:
    """Examples, patterns, hashes, names of functions and code that reads keys are no credentials."""
    assert find_secrets(text + "\n") == ()


def test_a_credential_is_replaced_where_only_its_beginning_is_shown() -> None:
    """An outline that cuts a long value short shows nothing of it."""
    token = "gh" + "p_" + made(36)
    whole = f'TOKEN = "{token}"\nother = 1\n'
    redact = Redactor(lambda _: whole)

    shown = redact("a.py", f'=== a.py (outline)\n1 TOKEN = "{token[:20]}…\n')

    assert f'1 TOKEN = "{marker("GitHub token")}…' in shown
    assert redact.finds == (Find("a.py", 1, "GitHub token"),)


@pytest.mark.parametrize("left", range(5, 20))
def test_a_cut_leaves_no_character_of_a_credential(left: int) -> None:
    """However few characters a cut left of a token, none of them is shown, also in a text of one line."""
    token = "gh" + "p_" + made(36)
    redact = Redactor(lambda _: f'TOKEN = "{token}"\n')

    shown = redact("a.py", f'1 TOKEN = "{token[:left]}…')

    assert f'1 TOKEN = "{marker("GitHub token")}…' == shown
    assert (Find("a.py", 1, "GitHub token"),) == redact.finds


@pytest.mark.parametrize(
    "text",
    [
        '{"key": "first\\n{}"}',
        "https://x/?token=a%3D{}&b",
        "export {}",
        "\\t{}",
    ],
)
def test_a_token_behind_an_escape_is_found(text: str) -> None:
    """Line breaks and equals signs that are written as escapes end in a letter that belongs to no token."""
    token = "glp" + "at-" + made(20)

    assert [token] == [secret.text for secret in find_secrets(text.replace("{}", token))]


def test_a_private_key_with_line_numbers_is_replaced_line_by_line() -> None:
    """Where each line stands behind its number, each line of the key goes."""
    key = pem("RSA PRIVATE" + " KEY", 600)
    numbered = "".join(f"{number}\t{line}\n" for number, line in enumerate(key.split("\n"), 1))

    shown = Redactor(lambda _: key + "\n")("k.pem", numbered)

    assert not [line for line in key.split("\n")[1:-1] if line in shown]


def test_a_short_password_is_replaced_in_its_url_alone() -> None:
    """A password that is also a word does not blot that word out of the file."""
    whole = "db = mysql://u1:" + "tiger@h/x\nanimal = tiger\n"

    shown = Redactor(lambda _: whole)("a", whole)

    assert shown == f"db = mysql://u1:{marker('password in a URL')}@h/x\nanimal = tiger\n"


def test_a_text_without_a_file_is_looked_through_itself() -> None:
    """A removed line of a diff is in no file any more."""
    token = "gh" + "p_" + made(36)

    assert Redactor()("diff", f" a\n-token {token}\n") == f" a\n-token {marker('GitHub token')}\n"


@settings(deadline=None, max_examples=60)
@given(
    planted=st.lists(st.sampled_from(PLANTED), min_size=1, max_size=4),
    noise=st.lists(
        st.one_of(st.binary(max_size=30), st.sampled_from([b"\xff\xfe", b"\0", b"x" * 70_000, b"sk-", b"://"]))
    ),
)
def test_noise_hides_no_credential(planted: list[tuple[str, str, str, str]], noise: list[bytes]) -> None:
    """NUL, broken UTF-8, lines of 70,000 characters and halves of formats around it change nothing."""
    filling = b"\n".join(noise)
    data = b"".join(
        filling + b"\n " + (before + secret + after).encode() + b"\n" for _, before, secret, after in planted
    )
    text = data.decode("utf-8", "replace")

    shown = Redactor(lambda _: data)("a", text)

    assert not [secret for _, _, secret, _ in planted if secret in shown]
    assert text.count("\n") == shown.count("\n")


def test_both_searches_for_anchors_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little text is searched without numpy; what is found does not depend on that."""
    data = "".join(f"{before}{secret}{after}\n" for _, before, secret, after in PLANTED).encode()
    with_numpy = find_secrets(data)
    monkeypatch.setattr(anchor_module, "_LITTLE", 1 << 40)
    monkeypatch.delitem(sys.modules, "numpy", raising=False)

    assert find_secrets(data) == with_numpy


def test_nothing_is_lost_against_the_library() -> None:
    """What the library's own patterns find, line by line and unfiltered, is found."""
    from importlib import import_module

    lines = [f"{before}{secret}{after}" for _, before, secret, after in PLANTED if "\n" not in secret]
    names = sorted({one.detector for one in PROPOSED if one.detector})
    patterns = [
        pattern
        for module, _, kind in (name.partition(".") for name in names)
        for pattern in getattr(import_module(f"detect_secrets.plugins.{module}"), kind).denylist
    ]
    theirs = [line for line in lines if any(pattern.search(line) for pattern in patterns)]

    assert len(theirs) >= 15
    assert [line for line in theirs if not find_secrets(line)] == []


def test_a_tree_without_credentials_does_not_load_the_library() -> None:
    """The library is loaded for the first text that it has to decide on, and leaves warnings as they were."""
    code = (
        "import sys, warnings; from codereader.pack.secrets.find import find_secrets as f; b = warnings.showwarning;"
        "f('int main;' * 99); print('detect_secrets' in sys.modules); f('gh' + 'p_' + 'a1' * 18);"
        "print('detect_secrets' in sys.modules, warnings.showwarning is b)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True", "True"]
