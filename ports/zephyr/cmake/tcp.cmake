# A function of Zephyr's TCP that ours stands before, and what a connection
# consists of there: net/tcp.c.
target_include_directories(isere SYSTEM PRIVATE ${ZEPHYR_BASE}/subsys/net/ip)
zephyr_ld_options(-Wl,--wrap=net_tcp_input)
