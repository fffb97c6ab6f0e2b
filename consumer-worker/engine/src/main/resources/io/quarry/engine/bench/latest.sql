-- Of several flights at one instant the one with the greatest delay counts.
WITH routes AS (
  SELECT origin, destination, date, max(delay) AS delay FROM ${flights} GROUP BY ALL
)
SELECT a.origin, a.destination, a.date, timezone('UTC', a.date) AS __time__,
  CASE WHEN r.date >= a.date - INTERVAL 2 DAY THEN r.delay END AS "route.last_delay"
FROM ${flights} AS a
ASOF LEFT JOIN routes AS r ON r.origin = a.origin AND r.destination = a.destination AND a.date > r.date
