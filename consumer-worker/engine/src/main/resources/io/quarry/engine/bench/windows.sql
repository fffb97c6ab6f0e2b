WITH origins AS (
  SELECT origin, date, sum(s) OVER d7 / sum(n) OVER d7 AS mean7
  FROM (
    SELECT origin, date, count(delay) AS n, sum(delay) AS s FROM ${flights}
    WHERE date >= TIMESTAMP '2001-03-25' AND date < TIMESTAMP '2001-05-01' GROUP BY ALL)
  WINDOW d7 AS (PARTITION BY origin ORDER BY date
    RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING)
),
-- Every instant asked about is itself one at which a flight left for that destination.
arrivals AS (
  SELECT destination, date, sum(n) OVER (PARTITION BY destination ORDER BY date
    RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING) AS n
  FROM (
    SELECT destination, date, count(*) AS n FROM ${flights}
    WHERE date >= TIMESTAMP '2001-03-31' AND date < TIMESTAMP '2001-05-01' GROUP BY ALL)
)
SELECT a.origin, a.destination, a.date, timezone('UTC', a.date) AS __time__,
  o.mean7 AS "route.origin_mean_delay_7d", CAST(coalesce(n.n, 0) AS BIGINT) AS "route.destination_arrivals_1h"
FROM (
  SELECT origin, destination, date FROM ${flights}
  WHERE date >= TIMESTAMP '2001-04-01' AND date < TIMESTAMP '2001-05-01') AS a
LEFT JOIN origins AS o ON o.origin = a.origin AND o.date = a.date
LEFT JOIN arrivals AS n ON n.destination = a.destination AND n.date = a.date
