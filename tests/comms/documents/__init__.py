"""What the procedures prescribe: the templates' fixed words with [places], one after another."""
# ruff: noqa: E501

PRESCRIBED: dict[str, str] = {
    "slack_channel": "#incident-[YYYYMMDDHHMMSS]",
    "slack_topic": "Incident ID: [id]…Severity: [severity]…Status: [ACTIVE/RESOLVED/MONITORING]…IC: @[username]",
    "slack_update": """**Update [HH:MM]**…
- **Status:** [status]
- **Impact:** [impact]
- **Actions:** [actions]
- **ETA:** [eta]
- **Next Update:** [next]
""",
    "role_checkin": """**Role:** Incident [role]
**Status:** ✅ Active
**Location:** Available via Slack/Phone
**Actions:** [actions]
""",
    "acknowledgement": "🚨 INCIDENT [id] acknowledged by [person] - Severity: [severity]",
    "team_assembly": """📋 Incident Response Team Assembly
**Incident ID:** [id]
**Severity:** [severity]
**Required Roles:** [roles]
**Status:** Team being assembled
**Next Steps:** Join this channel and acknowledge your role
""",
    "status_investigating": """Investigating [Service] Issues

We are currently investigating reports of issues with [domain]. We will provide updates as more information becomes available.
""",
    "status_identified": """[Service] Service Disruption Identified

We have identified the cause of the [service] disruption affecting [domains]. Our team is working to resolve the issue. ETA for resolution: [time].
""",
    "status_monitoring": """[Service] Issues Resolved - Monitoring

The [service] issues have been resolved. All services are operating normally. We continue to monitor the situation.
""",
    "status_resolved": """[Service] Issues Fully Resolved

All [service] issues have been fully resolved. Services are operating normally. We apologize for any inconvenience.
""",
    "customer_notification": """Subject: [URGENT] Service Disruption - [platform]

Dear [Customer Name],

We are currently experiencing a service disruption affecting [services].

**Impact:** [impact]
**Cause:** [cause]
**Actions:** Our engineering team is actively working to resolve this issue
**Updates:** We will provide updates every 30 minutes until resolved

We sincerely apologize for this disruption and are working diligently to restore full service.

For real-time updates, please visit: https://[page]

Best regards,
[company] Operations Team
""",
    "initial_notification": """INCIDENT ALERT - P[severity]

Service: [service]
Started: [timestamp]
Impact: [impact]
Status: Investigating

We are currently investigating an issue affecting [service].
We will provide updates every 30 minutes until resolved.

Next Update: [time]
Incident Commander: [name]
""",
    "resolution_notification": """INCIDENT RESOLVED - P[severity]

Service: [service]
Duration: [duration]
Impact: [impact]
Status: Resolved

The issue affecting [service] has been resolved as of [timestamp].
All services are now operating normally.

Root Cause: [explanation]
Post-Incident Review: [date]
""",
    "owner_notice_en": """Subject: Action Required: DNS Configuration Issue for [domain]

Hello,

We have detected that DNS records for your domain ([domain]) used with [company] are missing or invalid. This may impact your ability to send emails through our service.

What happened:
AWS Simple Email Service (SES) has detected that critical DNS records (DKIM or verification records) for your domain are not properly configured. This typically occurs when DNS records are changed or removed.

Impact:
- Emails from your service may fail to send
- Email deliverability may be affected
- Domain reputation may be impacted

Required action:
Please verify that the following DNS records are correctly configured for your domain:

[records]

If your organization recently made DNS changes, please restore the required records or contact us for assistance.

Next steps:
1. Verify the DNS records listed above are in place
2. Wait [24-48 hours] for DNS propagation
3. Contact [company] support if you need assistance

We're here to help! Reply to this ticket if you have any questions.

Thank you,
[company] Support Team
""",
    "incident_update": "…Status: [status]\nImpact: [impact]\nETA: [eta]\nNext Steps: [steps]\n…",
}
"""By the name of the bundled template. `[…]` is any text, `…` any text or none; the rest has to stand there."""

PRESCRIBED_FIELDS: dict[str, tuple[str, ...]] = {
    "registrar_case": (
        "Domain name(s) affected:",
        "Account credentials/verification:",
        "Description of emergency:",
        "Business impact assessment:",
        "Requested resolution timeframe:",
    ),
    "partner_notification": ("Technical details:", "Expected resolution:"),
    "postmortem": (
        "**Incident:**", "**Duration:**", "**Severity:**", "**Services affected:**", "**Customer impact:**",
        "## Timeline", "## What happened", "## Why it happened", "**Primary cause:**", "**Contributing factors:**",
        "**Why existing controls did not prevent it:**", "## How we responded", "**Detection:**", "## Resolution",
        "**Resolution steps:**", "**Verification:**", "**Monitoring:**", "## What we learned", "**What went well:**",
        "**What could be improved:**", "## What we will change", "Prevention:", "| Action | Owner | Due |",
        "short (1-2 weeks)", "medium (1-3 months)", "long (3+ months)",
    ),
}  # fmt: skip
"""Where the procedures prescribe fields and no words: these, in this order."""
