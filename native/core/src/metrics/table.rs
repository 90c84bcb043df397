//! The metrics there are.

/// Every metric: name, type, help. In the order of the text.
pub const METRICS: &[(&str, &str, &str)] = &[
    ("stoa_requests_total", "counter", "Exchanges that ended, by route and class of status."),
    (
        "stoa_request_duration_seconds",
        "histogram",
        "Time from a request to the end of its response.",
    ),
    (
        "stoa_upstream_duration_seconds",
        "histogram",
        "Time from choosing an endpoint to its response's head.",
    ),
    ("stoa_problems_total", "counter", "Answers given by the gateway itself, by problem code."),
    (
        "stoa_upstream_connections",
        "gauge",
        "Connections to an upstream: open ones, and those of them that are idle.",
    ),
    ("stoa_upstream_connects_total", "counter", "Connections to an upstream that were begun."),
    (
        "stoa_upstream_connect_failures_total",
        "counter",
        "Connections to an upstream that failed before they were open.",
    ),
    (
        "stoa_upstream_reuses_total",
        "counter",
        "Exchanges that took a connection which had served another.",
    ),
    ("stoa_upstream_retries_total", "counter", "Exchanges tried again after a stale connection."),
    (
        "stoa_exchanges_paused_total",
        "counter",
        "Exchanges whose decision waited for a token to be verified, or the like.",
    ),
    ("stoa_downstream_connections", "gauge", "Open connections of native listeners."),
    ("stoa_downstream_connections_total", "counter", "Connections that native listeners accepted."),
    (
        "stoa_downstream_connections_refused_total",
        "counter",
        "Connections that native listeners closed at once: there were too many.",
    ),
    ("stoa_tls_handshakes_total", "counter", "TLS handshakes that were finished, by kind."),
    ("stoa_tls_failures_total", "counter", "TLS connections that failed, by reason."),
    ("stoa_received_bytes_total", "counter", "Bytes of request bodies."),
    ("stoa_sent_bytes_total", "counter", "Bytes of response bodies."),
    ("stoa_exchanges_in_flight", "gauge", "Exchanges under way."),
    ("stoa_access_log_dropped_total", "counter", "Lines that the access log could not take."),
    ("stoa_panics_total", "counter", "Panics caught in native code."),
    (
        "stoa_rate_limit_evictions_total",
        "counter",
        "Keys in use that the table of rate limits had no room for.",
    ),
    ("stoa_quota_counters", "gauge", "Counters of quotas that are in use."),
    (
        "stoa_quota_no_room_total",
        "counter",
        "Looks for a quota's counter that ended in 503, because all were in use: an alarm.",
    ),
    ("stoa_metering_spooled_total", "counter", "Usage events that the spool has taken."),
    (
        "stoa_metering_dropped_total",
        "counter",
        "Usage events lost because the spool had no room: an alarm.",
    ),
    ("stoa_metering_spool_full", "gauge", "Workers whose spool has no room for more: an alarm."),
    ("stoa_metering_spool_bytes", "gauge", "Bytes of the spool's segments."),
    ("stoa_metering_shipped_total", "counter", "Usage events that the sink has acknowledged."),
    (
        "stoa_metering_torn_total",
        "counter",
        "Usage events in the spool that a power loss left in pieces.",
    ),
    ("stoa_metering_sink_failures_total", "counter", "Batches that the sink did not take."),
    ("stoa_metering_sink_up", "gauge", "1 while the sink takes batches, 0 while it does not."),
    ("stoa_worker_restarts_total", "counter", "Workers replaced."),
    ("stoa_workers", "gauge", "Workers that are ready."),
];
