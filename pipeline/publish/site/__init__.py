"""The site: static pages in two languages, from the nation down to each mesa, without a server.

Units above the centres have a page each. Centres and mesas are drawn in the browser from small
files of data, which are loaded as scripts: a page that was opened from a disk may not fetch.
"""
