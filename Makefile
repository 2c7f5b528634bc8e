include $(dir $(lastword $(MAKEFILE_LIST)))Makefile.pgxs
