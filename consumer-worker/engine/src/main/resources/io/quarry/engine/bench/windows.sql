WITH asked AS MATERIALIZED (
  SELECT origin, destination, date FROM ${flights}
  WHERE date >= TIMESTAMP '2001-04-01' AND date < TIMESTAMP '2001-05-01'
),
-- The instants asked about stand among the events, so that the frames of one pass serve any of them.
departures AS (
  SELECT airport, date, count(delay) AS n, sum(delay) AS s, bool_or(asked) AS asked
  FROM (
    SELECT origin AS airport, date, delay, false AS asked FROM ${flights}
    WHERE date >= TIMESTAMP '2001-03-25' AND date < TIMESTAMP '2001-05-01'
    UNION ALL
    SELECT origin, date, NULL, true FROM asked)
  GROUP BY airport, date
),
origins AS (
  SELECT airport, date, sum(s) OVER d7 / nullif(sum(n) OVER d7, 0) AS mean7
  FROM departures
  WINDOW d7 AS (PARTITION BY airport ORDER BY date
    RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING)
  QUALIFY asked
),
flown AS (
  SELECT airport, date, count(flight) AS n, bool_or(asked) AS asked
  FROM (
    SELECT destination AS airport, date, 1 AS flight, false AS asked FROM ${flights}
    WHERE date >= TIMESTAMP '2001-03-31' AND date < TIMESTAMP '2001-05-01'
    UNION ALL
    SELECT destination, date, NULL, true FROM asked)
  GROUP BY airport, date
),
arrivals AS (
  SELECT airport, date, sum(n) OVER h1 AS n
  FROM flown
  WINDOW h1 AS (PARTITION BY airport ORDER BY date
    RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING)
  QUALIFY asked
)
SELECT a.origin, a.destination, a.date, timezone('UTC', a.date) AS __time__,
  o.mean7 AS "route.origin_mean_delay_7d", CAST(coalesce(n.n, 0) AS BIGINT) AS "route.destination_arrivals_1h"
FROM asked AS a
LEFT JOIN origins AS o ON o.airport = a.origin AND o.date = a.date
LEFT JOIN arrivals AS n ON n.airport = a.destination AND n.date = a.date
