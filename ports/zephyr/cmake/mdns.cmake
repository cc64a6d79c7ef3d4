# A function of Zephyr's DNS library that ours stands before: net/mdns.c.
zephyr_ld_options(-Wl,--wrap=dns_dispatcher_register)
