SELECT format('audit: %s', a) FROM vend.audit('shop') AS a;
