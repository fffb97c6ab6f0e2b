SELECT a.origin, a.destination, a.date, timezone('UTC', a.date) AS __time__,
  o.city AS "route.origin_city", o.state AS "route.origin_state", d.city AS "route.destination_city"
FROM ${flights} AS a
LEFT JOIN ${airports} AS o ON o.iata = a.origin
LEFT JOIN ${airports} AS d ON d.iata = a.destination
