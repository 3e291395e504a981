#ifndef TRIM_H
#define TRIM_H

/* Cuts white space off both ends of `text`, in place; returns where it begins now. */
char *trim(char *text);

#endif
