-- One row per airport and departure, with frames over the time before it.
WITH asked AS MATERIALIZED (
  SELECT origin, destination, date, distance, delay
  FROM ${flights}
  WHERE date >= TIMESTAMP '2001-02-01' AND date < TIMESTAMP '2001-04-15'
  ORDER BY date, origin, destination, distance, delay
  LIMIT 1000000
),
departures AS MATERIALIZED (
  SELECT origin, date, count(delay) AS n, sum(delay) AS s, max(delay) AS m
  FROM ${flights}
  WHERE date >= TIMESTAMP '2001-01-01' AND date < TIMESTAMP '2001-04-15'
  GROUP BY ALL
),
origins AS (
  SELECT origin, date,
    sum(s) OVER d1 / sum(n) OVER d1 AS mean1,
    sum(s) OVER d7 / sum(n) OVER d7 AS mean7,
    sum(s) OVER d30 / sum(n) OVER d30 AS mean30,
    max(m) OVER d1 AS max1, max(m) OVER d7 AS max7, max(m) OVER d30 AS max30
  FROM departures
  WINDOW
    d1 AS (PARTITION BY origin ORDER BY date RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING),
    d7 AS (PARTITION BY origin ORDER BY date RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING),
    d30 AS (PARTITION BY origin ORDER BY date RANGE BETWEEN INTERVAL 30 DAY PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING)
),
-- Every instant asked about is itself one at which a flight left for that destination.
arrivals AS (
  SELECT destination, date, sum(n) OVER (PARTITION BY destination ORDER BY date
    RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING) AS n
  FROM (
    SELECT destination, date, count(*) AS n FROM ${flights}
    WHERE date >= TIMESTAMP '2001-01-31' AND date < TIMESTAMP '2001-04-15' GROUP BY ALL)
),
routes AS (
  SELECT origin, destination, date, max(delay) AS delay FROM ${flights}
  WHERE date >= TIMESTAMP '2001-01-30' AND date < TIMESTAMP '2001-04-15' GROUP BY ALL
)
SELECT a.origin, a.destination, a.date, a.distance, a.delay, timezone('UTC', a.date) AS __time__,
  oa.city AS "route.origin_city", oa.state AS "route.origin_state",
  da.city AS "route.destination_city", da.state AS "route.destination_state",
  o.mean1 AS "route.origin_mean_delay_1d", o.mean7 AS "route.origin_mean_delay_7d",
  o.mean30 AS "route.origin_mean_delay_30d",
  o.max1 AS "route.origin_max_delay_1d", o.max7 AS "route.origin_max_delay_7d", o.max30 AS "route.origin_max_delay_30d",
  CASE WHEN r.date >= a.date - INTERVAL 2 DAY THEN r.delay END AS "route.last_delay",
  CAST(coalesce(n.n, 0) AS BIGINT) AS "route.destination_arrivals_1h",
  o.mean1 - o.mean30 AS "route.delay_trend"
FROM asked AS a
LEFT JOIN ${airports} AS oa ON oa.iata = a.origin
LEFT JOIN ${airports} AS da ON da.iata = a.destination
LEFT JOIN origins AS o ON o.origin = a.origin AND o.date = a.date
LEFT JOIN arrivals AS n ON n.destination = a.destination AND n.date = a.date
ASOF LEFT JOIN routes AS r ON r.origin = a.origin AND r.destination = a.destination AND a.date > r.date
