"""The commented file that `cockpit init` writes: it loads as it stands, and says what else can stand in it."""

STARTER = """\
# The cockpit's configuration. `cockpit doctor` checks it. Every key here is optional.
# Plain values only: no anchors, no tags; durations are 30s, 5m, 2h, 1d, or a number of seconds.

# Nothing outside this machine can be changed from the cockpit until this is false.
read_only: true

# The domains to watch, with who is hurt when one is down.
domains: []
#  - name: shop.example
#    owner: Team Payments
#    services: [order mail, receipts]
#    production: true
#    mail_per_hour: 41000        # what is usual; says how much mail a failure reaches
#    identity: true              # an SES identity of the account below
#    dkim:                       # our own DKIM key (BYODKIM), if there is one
#      selector: s2026b
#    hosts:                      # certificates to watch; with a path, also the answer over HTTPS
#      - {name: www.shop.example, path: /health, expect_status: 200}
#      - {name: mx.shop.example, port: 465, path: null}
#    load_balancers: [front]     # names or ARNs of load balancers or target groups
#    intervals: {dns_s: 60s}     # how often to look at this one
#    failures_to_alert: 3        # how many looks in a row make an alert for this one
#    records:                    # record sets that must have exactly these values
#      - {name: shop.example, type: MX, values: ["10 inbound-smtp.ca-central-1.amazonaws.com."]}

# The AWS account that is meant. A caller in another account is refused before any change.
aws:
  account: ""                    # 12 digits, in quotes
  region: ""                     # such as ca-central-1
  sdk_profile: null              # a profile of ~/.aws/config; null takes the SDK's own chain

# Where our own DKIM keys and their records lie in S3.
byodkim:
  bucket: ""
  key_prefix: dkim-certificates
  records_prefix: dns_records

# Recursive resolvers to compare, ten at most. Left out: 8.8.8.8, 1.1.1.1 and 208.67.222.222.
# resolvers:
#   - {name: google, address: 8.8.8.8}

# How often to look, and how many looks in a row make or clear an alert.
intervals:
  dns_s: 30s
  dnssec_s: 2m
  tls_s: 5m
  http_s: 30s
  mail_s: 10m
  ses_identity_s: 60s
  ses_account_s: 60s
  ses_rates_s: 60s
  ct_s: 1h                       # new certificates in the transparency logs
  lb_s: 30s                      # targets behind load balancers
  backup_s: 4m                   # copies of the watched records; a copy should never be older than 5 minutes
failures_to_alert: 2
successes_to_clear: 2

# Where certificates may be ordered besides ACM (RFC 8555); using it agrees to that authority's terms.
# acme: https://ca.example/directory

# Where the transparency logs are searched for new certificates, and who may issue; whoever is not listed raises an
# alert. A search tells somebody else which domains you watch; a file with such an answer will do as well.
# certificate_transparency:
#   source: https://crt.sh/
#   issuers: [Amazon, "Let's Encrypt"]
#   accepted: []                 # serial numbers that are in order all the same
#   log_list: log_list.json      # the logs whose timestamps count, as browsers publish them

# How often everything is to be verified by hand (`cockpit check` without a domain).
verify_every_s: 1d

# Which table of severities and deadlines holds here: emergency, standard or notify.
severity_profile: emergency

# Who can be given a role. `cockpit --as ID` says who sits here.
people: []
#  - {id: mhassan, name: Mona Hassan, roles: [IC, TL], contact: "+1 613 555 0142"}

# Whom to notify of which alerts, by class. The first word of a class stands for a severity: critical P0, high P1,
# medium P2, low P3. Conditions know affected_domains, days_remaining, services, domain, check, kind, verdict, and
# what happened: dns_resolution_failure, ssl_certificate_expired, service_down, dkim_missing, ...
# alert_routing:
#   critical_alerts:
#     - condition: "dns_resolution_failure AND (affected_domains >= 3 OR domain = 'shop.example')"
#       actions:
#         - page: [oncall-primary, oncall-secondary]
#         - slack: "#critical-alerts"

# Where incident updates are posted. A reference, never the secret itself:
# env:NAME, keyring:service/user or aws:secret-id
chat_webhook: null

# Other ways out for words, by name. `names` are those by which alert_routing calls them.
# channels:
#   status-page: {kind: statuspage, place: PAGE_ID, secret: env:STATUSPAGE_KEY, audiences: [customers]}
#   tickets: {kind: freshdesk, url: "https://example.freshdesk.com", secret: env:FRESHDESK_KEY, audiences: [owners]}
#   pager: {kind: pagerduty, secret: env:PAGERDUTY_KEY, names: [oncall-primary, oncall-secondary]}
#   mail: {kind: smtp, url: "smtp://mail.example:587", user: ops, secret: env:SMTP_KEY, sender: ops@shop.example}
#   text: {kind: sms}               # SNS, for alert_routing's sms and for --channel text --to +15550123

# Whom to call when the pager is down. Executives are shown for P0 and P1, others for every severity they name.
# contacts:
#   - {name: Engineering manager, phone: "+1 555 0126", level: 3}
#   - {name: CEO, group: executive, phone: "+1 555 0133", severities: [P0]}

# What messages say of you, and when the office is open.
# organisation: {name: Example, status_page: "https://status.shop.example", registrar: Example Registrar}
# office_hours: {start: "09:00", end: "17:00", zone: America/Toronto}

# Levels of your own in place of the profile's: thresholds and clocks.
# own_severity:
#   P1: {customers: 0.1, update_s: 15m}

# Roles beside the usual ones (IC, TL, CL, SL, DBA, CSL, NE, CM, VL), or other severities that need one of these.
# roles:
#   LEG: {title: Legal counsel, required: [P0]}
#   SL: {required: [P0, P1]}

# Other monitoring whose alerts are taken over.
# alertmanager: "http://alertmanager.example:9093"
# sources: [cloudwatch, aws-health]

# Folders with runbooks of your own (Markdown). One with the id of a bundled one takes its place.
runbook_folders: []              # such as ~/runbooks

theme: dark                      # dark, light or high-contrast
keys: {}                         # command id to key, such as incident.note: n
"""
