-- A limited edition becomes a download, once it is nearly gone.
UPDATE product SET inventory = NULL WHERE handle = item_key(4) AND inventory < 3;
