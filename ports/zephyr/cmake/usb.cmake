# Functions of Zephyr's USB stack that ours stand before: net/usb_control.c.
zephyr_ld_options(-Wl,--wrap=udc_ctrl_update_stage -Wl,--wrap=udc_ep_clear_halt)
